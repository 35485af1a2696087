import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort } from '../../src/database/embedded/postmaster';

export interface TestRedis {
  readonly url: string;
  /** Asks the server to stop, and waits until it has. */
  stop(): Promise<void>;
  /** Starts it again on the same port after `stop` or `kill`, with nothing in it. */
  start(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

const MISSING = 'no redis-server (install: apt-get install redis-server)';

/** True where tests on Redis can run. On CI its absence is a failure and not a reason to skip. */
export function hasRedis(): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0;
  if (!found && process.env['CI'] === 'true') throw new Error(MISSING);
  return found;
}

/** `describe` where there is a redis-server; else a skipped block whose name says why. */
export function describeWithRedis(name: string, tests: () => void): void {
  if (hasRedis()) describe(name, tests);
  else describe.skip(`${name} [skipped: ${MISSING}]`, tests);
}

/** A Redis of the test's own on a free port, without persistence; undefined where this machine has no redis-server. */
export async function startRedis(): Promise<TestRedis | undefined> {
  if (!hasRedis()) {
    process.stderr.write(`skipped: ${MISSING}\n`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'quittance-redis-'));
  const port = await findFreePort();
  let child = await startServer(folder, port);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}/0`,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start: async () => {
      child = await startServer(folder, port);
    },
    close: async () => {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(folder: string, port: number): Promise<ChildProcess> {
  const settings = { port: String(port), bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
  const args = [
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    '--maxmemory-policy',
    'noeviction',
  ];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  for (let round = 0; round < 200; round += 1) {
    if (await answers(port)) return child;
    await wait(25);
  }
  child.kill('SIGKILL');
  throw new Error(`redis-server did not answer on port ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
