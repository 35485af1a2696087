import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { ChannelId, Ids, MerchantId } from '../core/ids';
import type { Sealer } from '../core/sealing';
import {
  type ChannelKeyId,
  type ChannelKeyRow,
  countActiveKeys,
  insertChannelKeys,
  keyContext,
  listChannelKeys,
  revokeChannelKey,
} from './channel-keys-store';
import {
  type ChannelRow,
  findChannel,
  insertChannel,
  insertConflict,
  listChannels,
  lockChannel,
  setChannelStatus,
} from './channels-store';
import { adapterFor, checkChannel, checkKey, type GivenKey } from './check-channel';
import type { ChannelRegistry } from './registry';

/** Each active key is tried on each forged callback, so there are not too many of them. */
const MOST_ACTIVE_KEYS = 20;

export interface GivenChannel {
  readonly name: string;
  readonly provider: string;
  readonly receivingAccount: string;
  readonly live: boolean;
  readonly merchants: 'all' | readonly MerchantId[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly keys: readonly GivenKey[];
}

export interface ChannelWithKeys {
  readonly channel: ChannelRow;
  readonly keys: readonly ChannelKeyRow[];
}

export interface Channels {
  /** @throws Problem `invalid_request` where a key or a setting is not the provider's, `name_taken` */
  create(given: GivenChannel): Promise<ChannelWithKeys>;
  /** @throws Problem `not_found` */
  get(id: ChannelId): Promise<ChannelWithKeys>;
  /** Newest first, from the one after `after`. */
  list(after: string | undefined, limit: number): Promise<readonly ChannelWithKeys[]>;
  /**
   * A disabled channel's callbacks are not there any more; what it said before goes on settling.
   * @throws Problem `not_found`
   */
  setStatus(id: ChannelId, status: ChannelRow['status']): Promise<ChannelWithKeys>;
  /** Adds a key beside the active ones. @throws Problem `not_found`, `invalid_request`, `conflict` where there are too many */
  addKey(id: ChannelId, key: GivenKey): Promise<ChannelKeyRow>;
  /** Ends a key, the last one too: a stolen key must go even if nothing can be verified without it. @throws Problem `not_found` */
  revokeKey(id: ChannelId, keyId: ChannelKeyId): Promise<void>;
}

export interface ChannelsDependencies {
  readonly db: Database<'orders'>;
  readonly ids: Ids;
  readonly sealer: Sealer;
  readonly registry: ChannelRegistry;
  /** Called after each change, so that this process's directory of channels does not have to grow old first. */
  readonly onChange: () => void;
}

export function createChannels(deps: ChannelsDependencies): Channels {
  const { db, registry, onChange } = deps;
  const changing = async <R>(work: (tx: Tx<'orders'>) => Promise<R>): Promise<R> => {
    const result = await inTransaction(db, 'channels.change', work);
    onChange();
    return result;
  };
  const get = async (id: ChannelId): Promise<ChannelWithKeys> => {
    const channel = await findChannel(db, id);
    if (channel === undefined) throw noSuchChannel();
    return { channel, keys: await listChannelKeys(db, [id]) };
  };
  return {
    get,
    create: async (given) => {
      checkChannel(adapterFor(registry, given.provider), given);
      const id = deps.ids.next<'channel'>();
      try {
        await changing(async (tx) => {
          await insertChannel(tx, { id, ...given });
          await insertSealed(tx, deps, id, given.keys);
        });
      } catch (error) {
        throw problemOf(error, given.name) ?? error;
      }
      return get(id);
    },
    list: async (after, limit) => {
      const rows = await listChannels(db, after, limit);
      const ids = rows.map((row) => row.id);
      const keys = await listChannelKeys(db, ids);
      return rows.map((channel) => ({ channel, keys: keys.filter((key) => key.channel_id === channel.id) }));
    },
    setStatus: async (id, status) => {
      await changing((tx) => setChannelStatus(tx, id, status));
      return get(id);
    },
    addKey: (id, key) => changing((tx) => addKey(tx, deps, id, key)),
    revokeKey: (id, keyId) =>
      changing(async (tx) => {
        if (await revokeChannelKey(tx, id, keyId)) return;
        throw new Problem('not_found', 'the channel has no such key');
      }),
  };
}

async function addKey(
  tx: Tx<'orders'>,
  deps: ChannelsDependencies,
  id: ChannelId,
  key: GivenKey,
): Promise<ChannelKeyRow> {
  const provider = await lockChannel(tx, id);
  if (provider === undefined) throw noSuchChannel();
  checkKey(adapterFor(deps.registry, provider), key);
  if ((await countActiveKeys(tx, id)) >= MOST_ACTIVE_KEYS) {
    throw new Problem('conflict', `the channel has ${MOST_ACTIVE_KEYS} active keys; revoke one first`);
  }
  const [row] = await insertSealed(tx, deps, id, [key]);
  if (row === undefined) throw new Error('the channel key was inserted and not returned');
  return row;
}

function insertSealed(
  tx: Tx<'orders'>,
  { ids, sealer }: ChannelsDependencies,
  channelId: ChannelId,
  keys: readonly GivenKey[],
): Promise<ChannelKeyRow[]> {
  const sealed = keys.map(({ purpose, serial, secret }) => {
    const id = ids.next<'channelKey'>();
    return { id, purpose, serial, sealedSecret: sealer.seal(secret, keyContext(channelId, id)) };
  });
  return insertChannelKeys(tx, channelId, sealed);
}

function noSuchChannel(): Problem {
  return new Problem('not_found', 'there is no such channel');
}

function problemOf(error: unknown, name: string): Problem | undefined {
  switch (insertConflict(error)) {
    case 'name_taken':
      return new Problem('name_taken', `there is a channel named "${name}"`);
    case 'unknown_merchant':
      return new Problem('invalid_request', 'a merchant of the list does not exist', {
        fields: [{ path: 'merchants', message: 'names a merchant that does not exist' }],
      });
    case undefined:
      return undefined;
  }
}
