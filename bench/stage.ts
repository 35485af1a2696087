import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type Pools, createPools } from '../src/database/pools';
import { type Sealer, createSealer } from '../src/core/sealing';
import { migrate } from '../src/database/migrations';
import { forAllSchemas } from '../src/database/open';
import { startTemporaryPostgres } from '../test/support/temporary-postgres';

/** The server that everything in the bench runs on: an embedded PostgreSQL of its own, removed afterwards. */
export interface Stage {
  /** The server's own database, which no run uses. */
  readonly url: string;
  /** The process id of the server. */
  readonly postgresPid: () => number | undefined;
  /** A new database without tables, on the same server. */
  emptyDatabase(): Promise<EmptyDatabase>;
  /** A new database with the service's schemas. */
  database(): Promise<BenchDatabase>;
  close(): Promise<void>;
}

export interface EmptyDatabase {
  readonly url: string;
  /** What an earlier run has written must not be vacuumed, analyzed and written back during the next. */
  drop(): Promise<void>;
}

export interface BenchDatabase {
  readonly url: string;
  readonly pools: Pools;
  readonly sealer: Sealer;
  /** What a service on this database needs of its environment. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function setStage(settings: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const { server, close } = await startTemporaryPostgres('bench', settings);
  const asAdmin = async (...statements: readonly string[]): Promise<void> => {
    const admin = new Client({ connectionString: server.url });
    await admin.connect();
    for (const sql of statements) await admin.query(sql);
    await admin.end();
  };
  const emptyDatabase = async (): Promise<EmptyDatabase> => {
    const name = `bench_${randomBytes(6).toString('hex')}`;
    // What an earlier run has left to be written back would be paid for by the next.
    await asAdmin(`create database ${name}`, 'checkpoint');
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return { url: url.toString(), drop: () => asAdmin(`drop database ${name} with (force)`) };
  };
  return {
    url: server.url,
    postgresPid: server.pid,
    emptyDatabase,
    database: async () => {
      const { url, drop } = await emptyDatabase();
      await migrate(forAllSchemas(url));
      const pools = createPools(forAllSchemas(url), { statementTimeoutMs: 600_000 });
      const masterKey = randomBytes(32);
      return {
        url,
        pools,
        sealer: createSealer([masterKey]),
        env: {
          DATABASE_URL: url,
          QUITTANCE_MASTER_KEY: masterKey.toString('base64'),
          QUITTANCE_OPERATOR_TOKEN: randomBytes(24).toString('base64url'),
        },
        close: async () => {
          await pools.close();
          await drop();
        },
      };
    },
    close,
  };
}
