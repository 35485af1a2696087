import type { Databases } from '../consistency/transaction';
import { SCHEMAS, type SchemaName } from '../consistency/transaction';
import type { DatabaseConfig } from '../config';
import { attachEmbedded, startEmbedded } from './embedded';
import { migrateSchema } from './migrations';
import { type DatabaseUrls, type PoolOptions, type Pools, createPools } from './pools';
import { type ReachListener, connectOnce, isAway } from './reachability';
import { checkServer } from './server-check';
import { StartRefused } from './start-refused';

export interface OpenDatabases {
  readonly databases: Databases;
  readonly urls: DatabaseUrls;
  /** What the migrations did, per schema; empty lists where they had nothing to do or were not asked for. */
  readonly migrated: Readonly<Record<SchemaName, readonly string[]>>;
  /** Closes the pools and stops the embedded server, where this process started it. */
  readonly close: () => Promise<void>;
}

export interface OpenOptions {
  /** `own`: an embedded server is started and is ours. `shared`: one that runs already is used, for as long as it does. */
  readonly embedded: 'own' | 'shared';
  readonly migrate: boolean;
  /**
   * Whether to go on without a database that is away, which is checked and migrated as soon as it is there. Without the
   * orders nothing can be received, so it is never that one. What a server answers with an error of its own, such as a wrong
   * password, is a mistake and no outage.
   */
  readonly withoutThoseAway?: boolean;
  /** Where the pools differ from the service's. */
  readonly pools?: PoolOptions;
  readonly onTrouble?: (sentence: string) => void;
  readonly onReach?: ReachListener;
}

type Migrated = Record<SchemaName, readonly string[]>;

/**
 * Opens the four databases: those that the configuration names, or the embedded one.
 * @throws StartRefused where a server cannot be reached, is not safe, or the data folder is in use
 */
export async function openDatabases(config: DatabaseConfig, options: OpenOptions): Promise<OpenDatabases> {
  const onTrouble = options.onTrouble ?? (() => undefined);
  const { urls, stop } = await locate(config, options.embedded, onTrouble);
  const { onReach } = options;
  const pools = createPools(urls, {
    ...{ size: config.databasePoolSize, plans: 'by_index', onTrouble },
    ...(onReach === undefined ? {} : { onReach }),
    ...options.pools,
  });
  const close = async (): Promise<void> => {
    await pools.close();
    await stop();
  };
  try {
    const migrated = await prepare(pools, urls, options, onTrouble);
    return { databases: pools.databases, urls, migrated, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Checks every server before anything is migrated, so that one which is refused leaves all of them as they are. */
async function prepare(
  pools: Pools,
  urls: DatabaseUrls,
  options: OpenOptions,
  onTrouble: (sentence: string) => void,
): Promise<Migrated> {
  const migrated: Migrated = { orders: [], accounts: [], points: [], accounting: [] };
  const away = new Set<SchemaName>();
  for (const schema of SCHEMAS) {
    try {
      await checkServer(pools.databases[schema]);
    } catch (error) {
      const mayBeAway = options.withoutThoseAway === true && schema !== 'orders';
      if (!mayBeAway || !(await isNobodyThere(urls[schema]))) throw error;
      away.add(schema);
      admitLater(pools, { schema, url: urls[schema], error }, onTrouble);
    }
  }
  if (!options.migrate) return migrated;
  for (const schema of SCHEMAS) if (!away.has(schema)) migrated[schema] = await migrateSchema(schema, urls[schema]);
  return migrated;
}

function isNobodyThere(url: string): Promise<boolean> {
  return connectOnce(url).then(
    () => false,
    (error: unknown) => isAway(error),
  );
}

function admitLater(
  pools: Pools,
  { schema, url, error }: { readonly schema: SchemaName; readonly url: string; readonly error: unknown },
  onTrouble: (sentence: string) => void,
): void {
  let said = '';
  pools.admitLater(schema, error, async (db) => {
    await connectOnce(url);
    try {
      await checkServer(db);
      await migrateSchema(schema, url);
    } catch (refusal) {
      // Once per reason: it is tried again every second.
      if (refusal instanceof StartRefused && refusal.message !== said) onTrouble((said = refusal.message));
      throw refusal;
    }
  });
}

async function locate(
  config: DatabaseConfig,
  embedded: OpenOptions['embedded'],
  onEvent: (sentence: string) => void,
): Promise<{ urls: DatabaseUrls; stop: () => Promise<void> }> {
  const nothing = (): Promise<void> => Promise.resolve();
  if (config.urls !== undefined) return { urls: config.urls, stop: nothing };
  const running = embedded === 'shared' ? attachEmbedded(config.dataDir) : undefined;
  if (running !== undefined) return { urls: forAllSchemas(running), stop: nothing };
  const server = await startEmbedded({ dataDir: config.dataDir, onEvent });
  return { urls: forAllSchemas(server.url), stop: () => server.stop() };
}

/** The four schemas in one database. */
export function forAllSchemas(url: string): DatabaseUrls {
  return Object.fromEntries(SCHEMAS.map((schema) => [schema, url])) as Record<SchemaName, string>;
}
