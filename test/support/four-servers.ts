import { type ChildProcess, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SCHEMAS, type SchemaName } from '../../src/consistency/transaction';
import { findBinaries } from '../../src/database/embedded/binaries';
import { SUPERUSER, ensureCluster } from '../../src/database/embedded/cluster';
import {
  type PostmasterOptions,
  clearLeftovers,
  findFreePort,
  startPostmaster,
} from '../../src/database/embedded/postmaster';
import { findServerUser } from '../../src/database/embedded/server-user';
import type { DatabaseUrls } from '../../src/database/pools';

/** One PostgreSQL server of a test's own, small, on a port that stays its own. */
export interface SmallServer {
  readonly url: string;
  /** Ends it as a power cut does: sessions are cut, nothing more is written, and the next start recovers. */
  stopImmediately(): Promise<void>;
  /** Starts it again where it was. */
  start(): Promise<void>;
}

export interface FourServers {
  readonly servers: Readonly<Record<SchemaName, SmallServer>>;
  readonly urls: DatabaseUrls;
  close(): Promise<void>;
}

/** Four of them on one machine: each needs little. What makes a commit last stays on, because the service insists. */
const SMALL = { shared_buffers: '16MB', max_connections: '100', max_wal_size: '256MB', jit: 'off' };

/** The four schemas on four PostgreSQL servers, empty: the service migrates them. */
export async function startFourServers(settings: Readonly<Record<string, string>> = {}): Promise<FourServers> {
  const folder = mkdtempSync(join(tmpdir(), 'quittance-four-'));
  chmodSync(folder, 0o711);
  const user = findServerUser(join(folder, 'orders', 'postgres'));
  const binaries = await findBinaries(user, folder);
  const password = randomBytes(12).toString('hex');
  const first = await ensureCluster(folder, password, { binaries, user });
  const made = new Map<SchemaName, StoppableServer>();
  const close = async (): Promise<void> => {
    await Promise.all([...made.values()].map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const schema of SCHEMAS) {
      const home = join(folder, schema);
      mkdirSync(home, { mode: 0o711 });
      const cluster = join(home, 'postgres');
      // A cluster is made once and copied: making one takes longer than all the rest.
      if (schema === 'accounting') renameSync(first, cluster);
      else await promisify(execFile)('cp', ['-a', first, cluster]);
      const port = await findFreePort();
      const postmaster = {
        postgres: binaries.postgres,
        user,
        folder: cluster,
        port,
        settings: { ...SMALL, ...settings },
      };
      const url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
      made.set(schema, await startServer({ ...postmaster, logFile: join(home, 'postgres.log') }, url));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const bySchema = <Part>(part: (server: SmallServer) => Part): Record<SchemaName, Part> =>
    Object.fromEntries([...made].map(([schema, server]) => [schema, part(server)])) as Record<SchemaName, Part>;
  return { servers: bySchema((server) => server), urls: bySchema((server) => server.url), close };
}

interface StoppableServer extends SmallServer {
  stop(): Promise<void>;
}

async function startServer(options: PostmasterOptions, url: string): Promise<StoppableServer> {
  let child: ChildProcess | undefined = await startPostmaster(options);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    if (ending === undefined) return;
    child = undefined;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await ended;
  };
  return {
    url,
    stopImmediately: () => end('SIGQUIT'),
    start: async () => {
      if (child !== undefined) return;
      await clearLeftovers(options.folder);
      child = await startPostmaster(options);
    },
    stop: () => end('SIGINT'),
  };
}
