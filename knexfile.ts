import type { Knex } from 'knex';
import { loadDatabaseConfig } from './src/config';
import { SCHEMAS } from './src/consistency/transaction';
import { migrationConfig } from './src/database/migrations';

/**
 * For the command line of knex, one environment per schema, on the databases of DATABASE_URL and its kin:
 *
 *   node --import tsx node_modules/knex/bin/cli.js --knexfile knexfile.ts --env orders migrate:status
 *
 * `quittance migrate` does what `migrate:latest` does, for all four, and any number of processes may do it at once.
 */
const { urls } = loadDatabaseConfig();

const configurations: Record<string, Knex.Config> = Object.fromEntries(
  SCHEMAS.map((schema) => [
    schema,
    { client: 'pg', connection: urls?.[schema] ?? '', migrations: migrationConfig(schema) },
  ]),
);

export default configurations;
