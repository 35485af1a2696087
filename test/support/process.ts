import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort } from '../../src/database/embedded/postmaster';

const ROOT = join(__dirname, '..', '..');

export interface RunningProcess {
  readonly child: ChildProcess;
  /** Everything that it wrote to stdout and stderr so far. */
  readonly output: () => string;
  /** Sends a signal and waits for the end. Gives the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  /** Waits for the end. */
  ended(): Promise<number | string>;
}

export interface ServiceProcess extends RunningProcess {
  readonly url: string;
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
}

/** Set where dist/ is as new as the sources. */
export const BUILT = 'QUITTANCE_TESTS_ARE_BUILT';

/**
 * Runs the command line (`quittance <args>`) with nothing of this process's environment but PATH: as it is built, where that is
 * as new as the sources, because a process then starts in half the time; else from its sources.
 */
export function runCommand(args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  return process.env[BUILT] === undefined
    ? runNode([join(ROOT, 'src', 'cli.ts'), ...args], options)
    : run([join(ROOT, 'dist', 'src', 'cli.js'), ...args], options);
}

/** Runs a TypeScript file with arguments. */
export function runNode(args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  return run(['--import', require.resolve('tsx'), ...args], options);
}

function run(args: readonly string[], options: ProcessOptions): RunningProcess {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid ?? options.uid }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  // 'close' and not 'exit': only then has everything that it wrote arrived.
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string);
  return {
    child,
    output: () => output,
    ended: () => ended,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** On a busy machine the first start of a database alone takes half a minute. */
const READY_WITHIN_MS = 100_000;

/** Starts the service on a free port and waits until it says that it is ready. */
export async function startServiceProcess(options: ProcessOptions = {}): Promise<ServiceProcess> {
  const port = options.env?.['PORT'] ?? String(await findFreePort());
  const running = runCommand(['start'], { ...options, env: { ...options.env, PORT: port } });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (running.child.exitCode !== null || running.child.signalCode !== null) break;
    if (await isReady(url)) return { ...running, url };
    await wait(50);
  }
  running.child.kill('SIGKILL');
  const output = running.output();
  // Between finding a port that is free and listening there somebody else may take it.
  if (options.env?.['PORT'] === undefined && output.includes(`port ${port} of`)) return startServiceProcess(options);
  throw new Error(`the service did not become ready:\n${output}`);
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  );
}
