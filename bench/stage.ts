import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Pools, createPools } from '../src/database/pools';
import { type Sealer, createSealer } from '../src/core/sealing';
import { startEmbedded } from '../src/database/embedded';
import { migrate } from '../src/database/migrations';
import { forAllSchemas } from '../src/database/open';

/** The server that everything in the bench runs on: an embedded PostgreSQL of its own, removed afterwards. */
export interface Stage {
  /** The process id of the server. */
  readonly postgresPid: () => number | undefined;
  /** A new database without tables, on the same server. */
  emptyDatabase(): Promise<string>;
  /** A new database with the service's schemas. */
  database(): Promise<BenchDatabase>;
  close(): Promise<void>;
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
  const folder = mkdtempSync(join(tmpdir(), 'quittance-bench-'));
  chmodSync(folder, 0o711);
  const server = await startEmbedded({ dataDir: join(folder, 'data'), settings });
  const emptyDatabase = async (): Promise<string> => {
    const name = `bench_${randomBytes(6).toString('hex')}`;
    const admin = new Client({ connectionString: server.url });
    await admin.connect();
    await admin.query(`create database ${name}`);
    // What an earlier run has left to be written back would be paid for by the next.
    await admin.query('checkpoint');
    await admin.end();
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return url.toString();
  };
  return {
    postgresPid: server.pid,
    emptyDatabase,
    database: async () => {
      const url = await emptyDatabase();
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
        close: () => pools.close(),
      };
    },
    close: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
