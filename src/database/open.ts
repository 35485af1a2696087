import type { Databases } from '../consistency/transaction';
import { SCHEMAS, type SchemaName } from '../consistency/transaction';
import type { DatabaseConfig } from '../config';
import { attachEmbedded, startEmbedded } from './embedded';
import { migrate } from './migrations';
import { type DatabaseUrls, type PoolOptions, createPools } from './pools';
import { checkServers } from './server-check';

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
  /** Where the pools differ from the service's. */
  readonly pools?: PoolOptions;
  readonly onTrouble?: (sentence: string) => void;
}

/**
 * Opens the four databases: those that the configuration names, or the embedded one.
 * @throws StartRefused where a server cannot be reached, is not safe, or the data folder is in use
 */
export async function openDatabases(config: DatabaseConfig, options: OpenOptions): Promise<OpenDatabases> {
  const onTrouble = options.onTrouble ?? (() => undefined);
  const { urls, stop } = await locate(config, options.embedded, onTrouble);
  const pools = createPools(urls, { size: config.databasePoolSize, plans: 'by_index', onTrouble, ...options.pools });
  const close = async (): Promise<void> => {
    await pools.close();
    await stop();
  };
  try {
    await checkServers(pools.databases);
    const migrated = options.migrate ? await migrate(urls) : { orders: [], accounts: [], points: [], accounting: [] };
    return { databases: pools.databases, urls, migrated, close };
  } catch (error) {
    await close();
    throw error;
  }
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
