import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type Databases, SCHEMAS, type SchemaName } from '../../src/consistency/transaction';
import { type DatabaseUrls, type PoolOptions, createPools } from '../../src/database/pools';

/** The environment variable by which the global set-up tells the test files where the server is. */
export const TEST_SERVER = 'QUITTANCE_TEST_SERVER';
export const TEMPLATE = 'quittance_template';

export interface TestDatabases {
  readonly databases: Databases;
  readonly urls: DatabaseUrls;
  /** Closes the pools and drops the databases, whoever is still connected. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions extends PoolOptions {
  /** Four databases, one for each schema, instead of one that holds all four. */
  readonly separate?: boolean;
}

/** Time-outs for tests that are about none: a machine that is busy fails no statement of theirs. */
export const PATIENT_POOLS = {
  statementTimeoutMs: 60_000,
  lockTimeoutMs: 60_000,
  idleInTransactionTimeoutMs: 60_000,
  acquireTimeoutMs: 60_000,
} as const satisfies PoolOptions;

/** Fresh, migrated databases of one test file's own. */
export async function testDatabases(options: TestDatabaseOptions = {}): Promise<TestDatabases> {
  const one = options.separate === true ? undefined : await createTestDatabase();
  const made = await Promise.all(SCHEMAS.map(async (schema) => [schema, one ?? (await createTestDatabase())] as const));
  const urls = Object.fromEntries(made) as Record<SchemaName, string>;
  const pools = createPools(urls, { plans: 'by_index', ...options });
  return {
    databases: pools.databases,
    urls,
    close: async () => {
      await pools.close();
      for (const url of new Set(Object.values(urls))) await dropTestDatabase(url);
    },
  };
}

/** Makes a database and returns its URL: a clone of the migrated template, or an empty one. */
export async function createTestDatabase(template: string = TEMPLATE): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  // A template is copied by one session at a time; the others would fail instead of waiting.
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock(1)');
    await admin.query(`create database ${name} template ${template}`);
  });
  return urlOfDatabase(testServerUrl(), name);
}

export async function dropTestDatabase(url: string): Promise<void> {
  await asAdmin((admin) => admin.query(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`));
}

export function testServerUrl(): string {
  const url = process.env[TEST_SERVER];
  if (url === undefined) throw new Error('the global set-up of the tests has not run');
  return url;
}

export function urlOfDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

async function asAdmin(work: (admin: Client) => Promise<unknown>): Promise<void> {
  const admin = new Client({ connectionString: testServerUrl() });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
