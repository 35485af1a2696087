import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbedded } from '../../src/database/embedded';
import { migrate } from '../../src/database/migrations';
import { forAllSchemas } from '../../src/database/open';
import { TEST_SERVER, TEMPLATE, urlOfDatabase } from './databases';

export interface TestServer {
  readonly server: EmbeddedPostgres;
  readonly folder: string;
}

/**
 * One server for all test files, with a migrated template that each test file clones. It keeps what a real one keeps on
 * disk, so that the service itself, which refuses an unsafe server, can run on it.
 */
export default async function globalSetup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'quittance-test-'));
  chmodSync(folder, 0o711);
  try {
    const server = await startEmbedded({ dataDir: join(folder, 'data'), settings: { max_connections: '400' } });
    (globalThis as { testServer?: TestServer }).testServer = { server, folder };
    process.env[TEST_SERVER] = server.url;
    await makeTemplate(server.url);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
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
