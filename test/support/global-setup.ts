import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate } from '../../src/database/migrations';
import { forAllSchemas } from '../../src/database/open';
import { BUILT } from './process';
import { TEST_SERVER, TEMPLATE, urlOfDatabase } from './databases';
import { type TemporaryPostgres, startTemporaryPostgres } from './temporary-postgres';

/** One server for all test files, with a migrated template that each test file clones. */
export default async function globalSetup(): Promise<void> {
  const postgres = await startTemporaryPostgres('test', { max_connections: '400' });
  try {
    (globalThis as { testServer?: TemporaryPostgres }).testServer = postgres;
    process.env[TEST_SERVER] = postgres.server.url;
    if (isBuilt()) process.env[BUILT] = 'yes';
    await makeTemplate(postgres.server.url);
  } catch (error) {
    await postgres.close();
    throw error;
  }
}

/** One template has all four schemas: a database that is used for one of them leaves the others empty. */
async function makeTemplate(serverUrl: string): Promise<void> {
  const admin = new Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE}`);
  const url = urlOfDatabase(serverUrl, TEMPLATE);
  await migrate(forAllSchemas(url));
  await admin.query(`alter database ${TEMPLATE} is_template true allow_connections false`);
  await admin.end();
}

/** Whether dist/ is what the sources would become: after an installation it is. */
function isBuilt(): boolean {
  const script = join(__dirname, '..', '..', 'scripts', 'build.mjs');
  return spawnSync(process.execPath, [script, '--is-fresh']).status === 0;
}
