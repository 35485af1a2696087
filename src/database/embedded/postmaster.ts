import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { giveToOwnerOf, isCode, readIfThere } from '../../data-dir';
import { StartRefused } from '../start-refused';
import { commandOf, identify, isRunning, processesWorkingIn } from './processes';
import { type ServerUser, asServerUser } from './server-user';

/**
 * Terminology
 * - postmaster: the first process of a PostgreSQL server; `postmaster.pid` in the data folder names it.
 * - fast stop (SIGINT): sessions are ended, everything is written; immediate stop (SIGQUIT): recovery at the next start.
 */
const POLL_MS = 20;
const SECOND = 1_000 / POLL_MS;

export interface PostmasterOptions {
  readonly postgres: string;
  readonly user: ServerUser | undefined;
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
  /** Server settings beyond those below. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The settings that no configuration file may change: what was committed is on the disk, and only this machine connects. */
const SETTINGS = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  logging_collector: 'off',
  // The texts of failed statements would show amounts and references in a log that nobody guards.
  log_min_error_statement: 'panic',
};

/**
 * Starts a server and waits until it takes connections. It gets a process group of its own: Ctrl-C at a terminal reaches
 * every process of the foreground group, and would stop the database before we have drained.
 * @returns the child, still running
 * @throws StartRefused with the server's last words where it ended instead
 */
export async function startPostmaster(options: PostmasterOptions): Promise<ChildProcess> {
  const { log, begin } = openLog(options.logFile);
  const settings = Object.entries({ ...SETTINGS, ...options.settings, port: String(options.port) });
  const args = ['-D', options.folder, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const child = spawn(options.postgres, args, {
    ...asServerUser(options.user),
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code, signal) => (failure = `it ended with ${signal ?? `exit code ${code ?? ''}`}`));
  for (let round = 0; round < 60 * SECOND; round += 1) {
    if (failure !== undefined) {
      throw new StartRefused(
        `the embedded PostgreSQL did not start: ${lastWords(options.logFile, begin) ?? failure} (${options.logFile})`,
      );
    }
    if (isReady(options.folder, child.pid)) return child;
    await wait(POLL_MS);
  }
  child.kill('SIGQUIT');
  throw new StartRefused(`the embedded PostgreSQL was not ready within a minute; see ${options.logFile}`);
}

/** The eighth line of postmaster.pid is what pg_ctl waits for too (PostgreSQL's src/include/utils/pidfile.h). */
function isReady(folder: string, pid: number | undefined): boolean {
  const lines = readIfThere(join(folder, 'postmaster.pid'))?.split('\n') ?? [];
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

const LOG_LIMIT = 16 * 1024 * 1024;

/** Opens the log at its end; one that has grown large is put aside, and the one before it goes. */
function openLog(logFile: string): { log: number; begin: number } {
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT) renameSync(logFile, `${logFile}.old`);
  const log = openSync(logFile, 'a', 0o600);
  giveToOwnerOf(dirname(logFile), log);
  return { log, begin: fstatSync(log).size };
}

/** Why the server that began to write at this place of the log gave up, in its own words. */
function lastWords(logFile: string, begin: number): string | undefined {
  const lines = readFileSync(logFile).subarray(begin).toString('utf8').trim().split('\n');
  return lines.findLast((line) => /(FATAL|PANIC|ERROR):/.test(line))?.replace(/^.*?(FATAL|PANIC|ERROR): +/, '');
}

/**
 * Clears away what a killed process left: its server, which goes on without it, and the file that names it. The caller
 * holds the lock of the data folder, so the server is nobody's.
 */
export async function clearLeftovers(folder: string): Promise<void> {
  const pid = Number(readIfThere(join(folder, 'postmaster.pid'))?.split('\n')[0] ?? 0);
  if (pid > 0 && (commandOf(pid)?.includes(folder) ?? false)) await stopPostmaster(pid);
  // A server process that outlives its postmaster still writes to the shared memory; nothing may start beside it.
  for (let round = 0; serversWorkingIn(folder).length > 0; round += 1) {
    if (round > 30 * SECOND)
      throw new StartRefused(`processes of an earlier server still work in ${folder}; stop them first`);
    await wait(POLL_MS);
  }
  // PostgreSQL clears away a file whose process is gone, but not one whose number somebody else has now.
  if (pid > 0 && commandOf(pid)?.includes(folder) !== true) rmSync(join(folder, 'postmaster.pid'), { force: true });
}

function serversWorkingIn(folder: string): number[] {
  return processesWorkingIn(folder).filter((pid) => commandOf(pid)?.includes('postgres') === true);
}

/** Stops a server: fast, and after ten seconds, for sessions that do not end, immediately. */
export async function stopPostmaster(pid: number): Promise<void> {
  const identity = identify(pid);
  if (identity === undefined) return;
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!isCode(error, 'ESRCH')) throw error;
    }
    for (let round = 0; round < 10 * SECOND; round += 1) {
      if (!isRunning(identity)) return;
      await wait(POLL_MS);
    }
  }
  throw new Error(`the embedded PostgreSQL (pid ${pid}) cannot be stopped`);
}

/** A port of this machine that nobody listens on just now. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no free port was found'));
        else resolve(address.port);
      });
    });
  });
}
