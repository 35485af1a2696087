import type { Database } from '../consistency/transaction';
import type { Clock } from '../core/clock';
import { Unavailable } from '../core/errors';
import type { ChannelId, MerchantId } from '../core/ids';
import type { Sealer } from '../core/sealing';
import type { ChannelAccount, ChannelAdapter, ProviderName } from './channel';
import { activeChannelKeys, keyContext } from './channel-keys-store';
import { activeChannelNames, findActiveChannel } from './channels-store';
import type { ChannelRegistry } from './registry';

/** A channel as a callback meets it: its adapter, and its keys opened. */
export interface ConfiguredChannel {
  readonly id: ChannelId;
  readonly name: string;
  readonly provider: ProviderName;
  readonly adapter: ChannelAdapter;
  readonly account: ChannelAccount;
  readonly servesAll: boolean;
  /** Whom it serves where it does not serve all. */
  readonly merchantIds: readonly MerchantId[];
}

export interface ChannelDirectory {
  /**
   * The active channel of this name, undefined where there is none.
   * @throws Unavailable where the database cannot be asked, or a key was sealed with a master key that is not configured
   */
  find(name: string): Promise<ConfiguredChannel | undefined>;
  /** Believes nothing any more of what it read before. */
  forget(): void;
}

export interface ChannelDirectoryDependencies {
  readonly db: Database<'orders'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly registry: ChannelRegistry;
}

/** The time within which a revoked key stops working in every process. */
const BELIEVE_CHANNEL_MS = 2_000;
/** How often at most a name that nobody knows makes us ask the database, however many of them are tried. */
const BELIEVE_NAMES_MS = 250;
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

interface Remembered<Value> {
  readonly value: Promise<Value>;
  /** From before the question was asked, so that what changed meanwhile is believed no longer than anything else. */
  readonly askedAt: number;
}

/**
 * Keeps the opened channels in memory for two seconds, because every callback needs one. Only names that exist are kept and
 * asked for one by one; whether a name exists is looked up in the list of all, so that inventing names fills no memory and
 * costs the database four small statements a second.
 */
export function createChannelDirectory(deps: ChannelDirectoryDependencies): ChannelDirectory {
  const { clock, db } = deps;
  const opened = new Map<string, Remembered<ConfiguredChannel | undefined>>();
  let names: Remembered<ReadonlySet<string>> | undefined;

  const isFresh = (remembered: Remembered<unknown>, believeMs: number): boolean =>
    clock.elapsed() - remembered.askedAt < believeMs;

  const exists = async (name: string): Promise<boolean> => {
    if (names === undefined || !isFresh(names, BELIEVE_NAMES_MS)) {
      const asked = { askedAt: clock.elapsed(), value: activeChannelNames(db).then((list) => new Set(list)) };
      names = asked;
      asked.value.catch(() => {
        if (names === asked) names = undefined;
      });
    }
    return (await names.value).has(name);
  };

  return {
    find: async (name) => {
      if (!NAME.test(name)) return undefined;
      const known = opened.get(name);
      if (known !== undefined && isFresh(known, BELIEVE_CHANNEL_MS)) return known.value;
      if (!(await exists(name))) {
        opened.delete(name);
        return undefined;
      }
      const meanwhile = opened.get(name);
      if (meanwhile !== undefined && isFresh(meanwhile, BELIEVE_CHANNEL_MS)) return meanwhile.value;
      const asked = { askedAt: clock.elapsed(), value: openChannel(deps, name) };
      opened.set(name, asked);
      asked.value.catch(() => {
        if (opened.get(name) === asked) opened.delete(name);
      });
      return asked.value;
    },
    forget: () => {
      opened.clear();
      names = undefined;
    },
  };
}

async function openChannel(
  { db, sealer, registry }: ChannelDirectoryDependencies,
  name: string,
): Promise<ConfiguredChannel | undefined> {
  const row = await findActiveChannel(db, name);
  const adapter = row === undefined ? undefined : registry.get(row.provider);
  if (row === undefined || adapter === undefined) return undefined;
  const sealed = await activeChannelKeys(db, row.id);
  const keys = sealed.map(({ id, purpose, serial, sealed_secret }) => ({
    purpose,
    serial: serial ?? undefined,
    secret: openSecret(sealer, sealed_secret, keyContext(row.id, id), name),
  }));
  const { receiving_account: receivingAccount, live, settings } = row;
  return {
    id: row.id,
    name,
    provider: row.provider,
    adapter,
    account: { receivingAccount, live, settings, keys },
    servesAll: row.serves_all,
    merchantIds: row.merchant_ids,
  };
}

/** A key that does not open is our own misfortune: the bank must call again, and not be told that it is not verified. */
function openSecret(sealer: Sealer, sealed: string, context: string, channel: string): string {
  try {
    return sealer.open(sealed, context);
  } catch (error) {
    throw new Unavailable(`a key of channel ${channel}`, error);
  }
}
