import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import knexModule, { type Knex } from 'knex';
import { Client } from 'pg';
import { SCHEMAS, type SchemaName } from '../consistency/transaction';
import type { DatabaseUrls } from './pools';
import { StartRefused, oneLine } from './start-refused';

const FOLDER = join(__dirname, '..', '..', 'db', 'migrations');
const load = createRequire(__filename);

/** What a migration's file exports. */
interface MigrationFile extends Partial<Knex.Migration> {
  /** Where `transaction` is false, the migration begins and ends its transactions by itself. */
  readonly config?: { readonly transaction: boolean };
}

/**
 * The migrations of one schema. Their names have no extension: knex remembers the names, and the same migration is
 * a `.ts` file under the development tools and a `.js` file once built.
 */
function migrationSource(schema: SchemaName): Knex.MigrationSource<string> {
  return {
    getMigrations: () => {
      const names = readdirSync(join(FOLDER, schema)).filter((file) => /(?<!\.d)\.(ts|js)$/.test(file));
      return Promise.resolve(names.map((file) => file.slice(0, -3)).sort());
    },
    getMigrationName: (name) => name,
    // Named by the source and not by each file, so that a migration cannot land in another schema's folder unnoticed.
    getMigration: (name) => Promise.resolve(complete(load(join(FOLDER, schema, name)) as MigrationFile, name)),
  };
}

/**
 * Migrations go forward: the entries, vouchers and postings that a step back would drop may not be dropped. One that drops nothing
 * on its way back has a down() of its own, for whoever must return to the version before (knexfile.ts).
 *
 * Each is a transaction of its own or, where it says so, none: knex puts all that it finds to do into one otherwise, and a lock that
 * one of them needs for a moment would be held until the last has read its table.
 */
function complete(migration: MigrationFile, name: string): Knex.Migration & MigrationFile {
  const { up, down, config } = migration;
  if (up === undefined) throw new Error(`the migration ${name} has no up()`);
  const refused = (): Promise<never> => Promise.reject(new Error(`${name} has no way back: restore a backup instead`));
  return { up, down: down ?? refused, config: config ?? { transaction: true } };
}

/** The knex configuration of a schema's migrations; its bookkeeping tables live in the schema itself. */
export function migrationConfig(schema: SchemaName): Knex.MigratorConfig {
  const tables = { schemaName: schema, tableName: 'schema_migrations' };
  return { migrationSource: migrationSource(schema), ...tables, disableTransactions: true };
}

/** How long a process waits for another that migrates: a migration of large tables takes minutes. */
const WAITS_MS = 300_000;

/**
 * Brings all four schemas up to date. Any number of processes may do it at once: one works, the others wait for it, five
 * minutes at most.
 * @returns the names of the migrations that this call applied, per schema
 * @throws StartRefused where a server cannot be reached, or has migrations that this version does not know
 */
export async function migrate(urls: DatabaseUrls): Promise<Record<SchemaName, readonly string[]>> {
  const applied: Record<SchemaName, readonly string[]> = { orders: [], accounts: [], points: [], accounting: [] };
  for (const schema of SCHEMAS) applied[schema] = await migrateSchema(schema, urls[schema]);
  return applied;
}

/** The same for one schema; `waitsMs` is how long it waits for a process that migrates it already, in milliseconds. */
export async function migrateSchema(
  schema: SchemaName,
  url: string,
  waitsMs: number = WAITS_MS,
): Promise<readonly string[]> {
  try {
    return await alone(schema, url, waitsMs);
  } catch (error) {
    throw new StartRefused(`the migrations of schema ${schema} failed: ${oneLine(error)}`, error);
  }
}

async function alone(schema: SchemaName, url: string, waitsMs: number): Promise<readonly string[]> {
  const guard = new Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'quittance migrate',
    keepAlive: true,
  });
  // A guard whose connection breaks has lost its lock; the statements that follow on it say so.
  guard.on('error', () => undefined);
  try {
    await guard.connect();
    await takeTurn(guard, schema, waitsMs);
    await guard.query(`create schema if not exists ${schema}`);
    return await latest(schema, url);
  } finally {
    await guard.end().catch(() => undefined);
  }
}

/** How often it is asked whether the other process has ended. */
const ASK_AGAIN_MS = 100;

/**
 * One that is stopped in the middle keeps its lock for as long as its connection lasts; nobody shall wait for that unsaid.
 *
 * It is asked again and again instead of waited for within a statement: an index that is built while rows are written waits for
 * every statement that began before it, and so for the very process that would wait for it.
 */
async function takeTurn(guard: Client, schema: SchemaName, waitsMs: number): Promise<void> {
  const ask = `select pg_try_advisory_lock(hashtextextended($1, 0)) as mine`;
  for (let waitedMs = 0; ; waitedMs += ASK_AGAIN_MS) {
    const { rows } = await guard.query<{ mine: boolean }>(ask, [`quittance migrations ${schema}`]);
    if (rows[0]?.mine === true) return;
    if (waitedMs >= waitsMs) {
      const waited = `for longer than ${Math.round(waitsMs / 1000)} s`;
      throw new Error(`another process has been migrating it ${waited}: "quittance migrate" in pg_stat_activity`);
    }
    await wait(ASK_AGAIN_MS);
  }
}

async function latest(schema: SchemaName, url: string): Promise<readonly string[]> {
  const knex = knexModule({
    client: 'pg',
    connection: { connectionString: url, application_name: 'quittance migrate' },
    pool: { min: 0, max: 1 },
    migrations: migrationConfig(schema),
  });
  try {
    // Under the advisory lock nobody else migrates, so a lock row that is still set was left by a process that was killed.
    await knex.migrate.forceFreeMigrationsLock();
    const [, names] = (await knex.migrate.latest()) as [number, string[]];
    return names;
  } finally {
    await knex.destroy();
  }
}
