import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import knexModule, { type Knex } from 'knex';
import { Client } from 'pg';
import { SCHEMAS, type SchemaName } from '../consistency/transaction';
import type { DatabaseUrls } from './pools';
import { StartRefused, oneLine } from './start-refused';

const FOLDER = join(__dirname, '..', '..', 'db', 'migrations');
const load = createRequire(__filename);

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
    getMigration: (name) =>
      Promise.resolve(withDown(load(join(FOLDER, schema, name)) as Partial<Knex.Migration>, name)),
  };
}

/** Migrations only go forward: the entries, vouchers and postings that a step back would drop may not be dropped. */
function withDown(migration: Partial<Knex.Migration>, name: string): Knex.Migration {
  const { up } = migration;
  if (up === undefined) throw new Error(`the migration ${name} has no up()`);
  const down = (): Promise<never> => Promise.reject(new Error(`${name} has no way back: restore a backup instead`));
  return { ...migration, up, down };
}

/** The knex configuration of a schema's migrations; its bookkeeping tables live in the schema itself. */
export function migrationConfig(schema: SchemaName): Knex.MigratorConfig {
  return { migrationSource: migrationSource(schema), schemaName: schema, tableName: 'schema_migrations' };
}

/**
 * Brings all four schemas up to date. Any number of processes may do it at once: one works, the others wait for it.
 * @returns the names of the migrations that this call applied, per schema
 * @throws StartRefused where a server cannot be reached, or has migrations that this version does not know
 */
export async function migrate(urls: DatabaseUrls): Promise<Record<SchemaName, readonly string[]>> {
  const applied: Record<SchemaName, readonly string[]> = { orders: [], accounts: [], points: [], accounting: [] };
  for (const schema of SCHEMAS) {
    try {
      applied[schema] = await migrateSchema(schema, urls[schema]);
    } catch (error) {
      throw new StartRefused(`the migrations of schema ${schema} failed: ${oneLine(error)}`, error);
    }
  }
  return applied;
}

async function migrateSchema(schema: SchemaName, url: string): Promise<readonly string[]> {
  const guard = new Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'quittance migrate',
  });
  // A guard whose connection breaks has lost its lock; the statements that follow on it say so.
  guard.on('error', () => undefined);
  try {
    await guard.connect();
    await guard.query(`select pg_advisory_lock(hashtextextended($1, 0))`, [`quittance migrations ${schema}`]);
    await guard.query(`create schema if not exists ${schema}`);
    return await latest(schema, url);
  } finally {
    await guard.end().catch(() => undefined);
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
