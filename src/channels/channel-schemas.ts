import { z } from 'zod';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';

/** The name is part of the address that the provider calls. */
const channelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is 1 to 63 of a-z, 0-9 and "-", and does not begin with "-"');

/** A key's own text may have line ends (PEM); which text is right is for the adapter to say. */
const secret = z
  .string()
  .max(16_384, 'has more than 16384 characters')
  .transform((text) => text.trim())
  .refine((text) => /^[\t\n\r\x20-\x7e]+$/.test(text), 'must be printable ASCII');

export const createKeyBody = z.strictObject({
  purpose: line(64),
  serial: line(128).optional(),
  secret,
});

export const createChannelBody = z.strictObject({
  name: channelName,
  provider: line(64),
  receiving_account: line(128),
  live: z.boolean(),
  merchants: z.union([
    z.literal('all'),
    z.array(shownId<'merchant'>('merchant')).min(1, 'must not be empty').max(1000, 'has more than 1000 merchants'),
  ]),
  settings: z.record(line(64), z.json()).default({}),
  keys: z.array(createKeyBody).min(1, 'must hold at least one key').max(20, 'has more than 20 keys'),
});

export const channelPath = z.object({ channel_id: shownId<'channel'>('channel') });
export const channelKeyPath = channelPath.extend({ key_id: shownId<'channelKey'>('channelKey') });
export const listQuery = z.strictObject(pageFields);
