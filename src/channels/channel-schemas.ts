import { z } from 'zod';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';
import { channelRegistry } from './registry';

const PROVIDERS = [...channelRegistry.keys()];
/** What each provider's keys are for, as its adapter says it. */
const PURPOSES = [...channelRegistry.values()]
  .flatMap(({ provider, keyPurposes }) =>
    Object.entries(keyPurposes).map(([purpose, { required, needsSerial, describes }]) => {
      const notes = `${required ? ', required' : ''}${needsSerial === true ? ', with a `serial`' : ''}`;
      return `- ${provider}: \`${purpose}\`${notes}: ${describes}`;
    }),
  )
  .join('\n');

/** The name is part of the address that the provider calls. */
const channelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is 1 to 63 of a-z, 0-9 and "-", and does not begin with "-"')
  .meta({ description: 'Unique; the last part of the address that the provider calls', example: 'main-bank' });

/** A key's own text may have line ends (PEM); which text is right is for the adapter to say. */
const secret = z
  .string()
  .max(16_384, 'has more than 16384 characters')
  .transform((text) => text.trim())
  .refine((text) => /^[\t\n\r\x20-\x7e]+$/.test(text), 'must be printable ASCII')
  .meta({
    description: 'The key itself: printable ASCII, in the form that its purpose asks for. No answer shows it again',
    example: 'whsec_Zm9yIGV4YW1wbGUgb25seSwgbm90IGEgcmVhbCBrZXk=',
  });

export const createKeyBody = z
  .strictObject({
    purpose: line(64).meta({
      description: `What the provider uses the key for. It has these purposes:\n\n${PURPOSES}`,
      example: 'webhook_secret',
    }),
    serial: line(128)
      .optional()
      .meta({ description: 'The serial by which the provider names the key in each callback' }),
    secret,
  })
  .meta({ id: 'GivenChannelKey', description: 'A key by which callbacks are verified or decrypted' });

export const createChannelBody = z.strictObject({
  name: channelName,
  provider: line(64).meta({ enum: PROVIDERS, example: 'standard_webhooks' }),
  receiving_account: line(128).meta({
    description:
      'The account at the provider into which the money goes; callbacks that name another are refused. Alipay: the app id; ' +
      'WeChat Pay: the mchid; Adyen: the merchant account; Standard Webhooks: `data.account`; Stripe: a label of your own, or ' +
      'the id of a connected account',
    example: 'ACC-EUR-1',
  }),
  live: z.boolean().meta({ description: 'Whether real money moves; callbacks of the other mode are refused' }),
  merchants: z
    .union([
      z.literal('all'),
      z.array(shownId<'merchant'>('merchant')).min(1, 'must not be empty').max(1000, 'has more than 1000 merchants'),
    ])
    .meta({ description: 'Whose orders it may pay' }),
  settings: z
    .record(line(64), z.json())
    .default({})
    .meta({
      description:
        'Of the provider. Alipay: `seller_id`, the seller whom callbacks must name. WeChat Pay: `appid`. Stripe: ' +
        '`connect_account`, the connected account (`acct_...`) whom events must name, and `payment_reference_key`, the key of ' +
        'the metadata that holds our reference (`payment_reference` where it is not set). Adyen: `money_event`, ' +
        '`AUTHORISATION` (where it is not set) or `CAPTURE`. Standard Webhooks: none',
      sent: { type: 'object', additionalProperties: { type: 'string' }, examples: [{}] },
    }),
  keys: z
    .array(createKeyBody)
    .min(1, 'must hold at least one key')
    .max(20, 'has more than 20 keys')
    .meta({ description: 'At least those that the provider requires' }),
});

export const channelPath = z.object({ channel_id: shownId<'channel'>('channel') });
export const channelKeyPath = channelPath.extend({ key_id: shownId<'channelKey'>('channelKey') });
export const listQuery = z.strictObject(pageFields);

export const channelKeyView = z
  .strictObject({
    id: shownIdOf('channelKey'),
    purpose: z.string().meta({ example: 'webhook_secret' }),
    serial: z.string().nullable().meta({ example: null }),
    created_at: shownTime,
    revoked_at: shownTime.nullable().meta({ description: 'Null while it is good', example: null }),
  })
  .meta({ id: 'ChannelKey', description: 'A key of a channel, without its secret' });
export type ChannelKeyView = z.output<typeof channelKeyView>;

export const channelView = z
  .strictObject({
    id: shownIdOf('channel'),
    name: z.string().meta({ example: 'main-bank' }),
    provider: z.string().meta({ enum: PROVIDERS, example: 'standard_webhooks' }),
    receiving_account: z.string().meta({ example: 'ACC-EUR-1' }),
    live: z.boolean(),
    merchants: z
      .union([z.literal('all'), z.array(shownIdOf('merchant'))])
      .meta({ description: 'Whose orders it may pay' }),
    settings: z
      .record(z.string(), z.unknown())
      .meta({ sent: { type: 'object', additionalProperties: { type: 'string' }, examples: [{}] } }),
    status: z
      .enum(['active', 'disabled'])
      .meta({ description: 'Callbacks of a disabled channel are answered with 404' }),
    callback_path: z
      .string()
      .meta({ description: 'The path of this service that the provider is to call', example: '/callbacks/main-bank' }),
    keys: z.array(channelKeyView).meta({ description: 'Revoked ones too' }),
    created_at: shownTime,
  })
  .meta({ id: 'Channel', description: 'An account at a bank or gateway, which calls back when a customer has paid' });
export type ChannelView = z.output<typeof channelView>;
