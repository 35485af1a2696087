import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbedded } from '../../src/database/embedded';
import { openSession } from './session';
import { type SmallDisk, mountSmallDisk } from './small-disk';
import { makeTemporaryFolder } from './temporary-postgres';

/** An embedded PostgreSQL whose tables and whose write-ahead log are on a small disk each. */
export interface CrampedPostgres {
  readonly url: string;
  readonly tables: SmallDisk;
  readonly wal: SmallDisk;
  /** All that the server has logged. */
  log(): string;
  close(): Promise<void>;
}

/** Segments are recycled soon, so that the log needs little more than what it is working on. */
const SMALL_WAL = { max_wal_size: '32MB', min_wal_size: '32MB' };
const TABLES_MB = 128;
const WAL_MB = 80;

export async function startCrampedPostgres(name: string): Promise<CrampedPostgres> {
  const folder = makeTemporaryFolder(name);
  const undo: (() => Promise<void> | void)[] = [
    (): void => {
      rmSync(folder, { recursive: true, force: true });
    },
  ];
  const close = async (): Promise<void> => {
    for (const step of undo.reverse()) await step();
  };
  try {
    const [tables, wal] = [mountSmallDisk(`${name}-tables`, TABLES_MB), mountSmallDisk(`${name}-wal`, WAL_MB)];
    undo.push(() => {
      tables.unmount();
      wal.unmount();
    });
    const options = { dataDir: join(folder, 'data'), settings: SMALL_WAL };
    const first = await startEmbedded(options);
    const cluster = join(first.home, 'postgres');
    const { uid, gid } = statSync(cluster);
    const space = join(tables.folder, 'space');
    mkdirSync(space, { mode: 0o700 });
    chownSync(space, uid, gid);
    try {
      await moveTables(first.url, space);
    } finally {
      await first.stop();
    }
    moveWal(join(cluster, 'pg_wal'), join(wal.folder, 'pg_wal'));
    const server = await startEmbedded(options);
    undo.push(() => server.stop());
    return { url: server.url, tables, wal, log: () => readFileSync(join(server.home, 'postgres.log'), 'utf8'), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Nobody may be connected to a database that moves. */
async function moveTables(url: string, space: string): Promise<void> {
  const elsewhere = new URL(url);
  const database = elsewhere.pathname.slice(1);
  elsewhere.pathname = 'postgres';
  const session = await openSession(elsewhere.toString());
  try {
    await session.run(`create tablespace small location '${space}'`);
    await session.run(`alter database ${database} set tablespace small`);
  } finally {
    await session.end();
  }
}

/** As `initdb --waldir` lays it out. */
function moveWal(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
  rmSync(from, { recursive: true });
  symlinkSync(to, from);
}
