import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import manifest from '../package.json';
import { findFreePort } from '../src/database/embedded/postmaster';

const ROOT = join(__dirname, '..');

/** As `npm start` has them, and what else is asked for, such as --cpu-prof. */
const NODE_ARGS = [
  ...(manifest.scripts.start.match(/--\S+(?= .*dist)/g) ?? []),
  ...(process.env['BENCH_NODE_ARGS'] ?? '').split(' ').filter((argument) => argument !== ''),
];

const START_WITHIN_MS = 60_000;

export interface BenchService {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process until /readyz said 200, in milliseconds. */
  readonly readyMs: number;
  /** Stops it as an operator would, with SIGTERM. */
  stop(): Promise<void>;
}

/** Starts the built service as a process of its own, as `npm start` does. */
export async function startService(env: Readonly<Record<string, string>>): Promise<BenchService> {
  const port = await findFreePort();
  const spawnedAt = performance.now();
  const child = spawn(process.execPath, [...NODE_ARGS, join(ROOT, 'dist', 'src', 'cli.js'), 'start'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: String(port),
      LOG_LEVEL: 'warn',
      QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: 'true',
      ...env,
    },
    // What it says is for whoever watches; the bench's own stdout is the result.
    stdio: ['ignore', process.stderr, process.stderr],
  });
  await ready(child, port);
  return { pid: child.pid ?? 0, port, readyMs: performance.now() - spawnedAt, stop: () => stopped(child) };
}

async function ready(child: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + START_WITHIN_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    await wait(10);
  }
  child.kill('SIGKILL');
  throw new Error('the service did not become ready');
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}
