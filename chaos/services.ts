import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort } from '../src/database/embedded/postmaster';
import type { Findings } from './findings';
import type { Links } from './stage';

/** One place for a service process, which is started again whenever it ends, as an orchestrator does. */
export interface Service {
  readonly name: string;
  readonly links: Links;
  /** Where it listens, or soon will. */
  url(): string;
  /** SIGKILL; started again after so long. */
  kill(downMs: number): Promise<void>;
  /** SIGTERM; started again when it has drained. */
  restart(): Promise<void>;
  freeze(): void;
  unfreeze(): void;
  /** Sets its clock wrong, until it is set again or the process ends. */
  skew(ms: number): void;
  /** Resolves when it answers that it is ready. @throws Error after two minutes */
  ready(): Promise<void>;
  /** SIGTERM, for good. It may take too long to drain on a busy machine; it must end. */
  stop(): Promise<void>;
  /** SIGKILL, for good. */
  destroy(): void;
  /** How often a process was started here. */
  starts(): number;
}

export interface ServiceOptions {
  readonly name: string;
  readonly links: Links;
  readonly env: Readonly<Record<string, string>>;
  readonly logFolder: string;
  readonly findings: Findings;
}

const READY_MS = 120_000;
/** A process that has been told to stop finishes what it has begun; the service itself gives up after half a minute. */
const DRAIN_MS = 45_000;
const START_AGAIN_MS = 300;

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly port: number;
  wasReady: boolean;
  /** Set by whoever ends it on purpose. */
  wanted: boolean;
}

export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, findings } = options;
  let stopped = false;
  let starts = 0;
  let running: Running;
  let startingAgain: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    starts += 1;
    const port = await findFreePort();
    const child = spawnService(options, port);
    const exited = new Promise<string | number>((resolve) =>
      child.once('exit', (code, signal) => {
        resolve(signal ?? code ?? 0);
      }),
    );
    const now: Running = { child, port, ended: exited.then(() => undefined), wasReady: false, wanted: false };
    running = now;
    void watchReadiness(now);
    void exited.then((how) => {
      // Before it was ready it may refuse to start, because a database is away.
      if (!now.wanted && now.wasReady) findings.add('process', `${name} ended by itself with ${how}`);
      if (!now.wanted && !stopped) startAgain(START_AGAIN_MS);
    });
  };
  const startAgain = (afterMs: number): void => {
    startingAgain = startingAgain.then(async () => {
      await wait(afterMs);
      // Two faults may have ended the same process.
      if (!stopped && hasEnded(running.child)) await start();
    });
  };
  /** Ends the present process and says how it ended. */
  const end = async (signal: NodeJS.Signals): Promise<ChildProcess> => {
    await startingAgain;
    const { child, ended } = running;
    running.wanted = true;
    if (hasEnded(child)) return child;
    child.kill('SIGCONT');
    child.kill(signal);
    const inTime = await Promise.race([ended.then(() => true), wait(DRAIN_MS, false, { ref: false })]);
    if (inTime) return child;
    findings.add('process', `${name} did not end within ${DRAIN_MS / 1000} s of ${signal}`);
    child.kill('SIGKILL');
    await ended;
    return child;
  };

  await start();
  return {
    name,
    links: options.links,
    url: () => `http://127.0.0.1:${running.port}`,
    kill: async (downMs) => {
      await end('SIGKILL');
      startAgain(downMs);
    },
    restart: async () => {
      await end('SIGTERM');
      startAgain(0);
    },
    freeze: () => {
      running.child.kill('SIGSTOP');
    },
    unfreeze: () => {
      running.child.kill('SIGCONT');
    },
    skew: (ms) => {
      if (running.child.connected) running.child.send({ skewMs: ms }, () => undefined);
    },
    ready: async () => {
      const deadline = Date.now() + READY_MS;
      while (!(await isReady(running.port))) {
        if (Date.now() > deadline) throw new Error(`${name} did not become ready within ${READY_MS / 1000} s`);
        await wait(100);
      }
    },
    stop: async () => {
      stopped = true;
      await end('SIGTERM');
    },
    destroy: () => {
      stopped = true;
      running.wanted = true;
      running.child.kill('SIGKILL');
    },
    starts: () => starts,
  };
}

/** The service as `quittance start` runs it, from its sources, under a clock that can be set wrong. It ends where we end. */
function spawnService({ name, links, env, logFolder }: ServiceOptions, port: number): ChildProcess {
  const log = openSync(join(logFolder, `${name}.log`), 'a', 0o600);
  const child = fork(join(__dirname, '..', 'demo', 'service.ts'), [], {
    // Ctrl-C at a terminal reaches every process of the group; who began this says when it is over.
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    execArgv: [
      ...['--import', pathToFileURL(require.resolve('tsx')).href],
      ...['--import', pathToFileURL(join(__dirname, 'skewed-clock.ts')).href],
    ],
    env: {
      PATH: process.env['PATH'] ?? '',
      ...env,
      PORT: String(port),
      ...Object.fromEntries(
        Object.entries(links.urls).map(([schema, url]) => [`${schema.toUpperCase()}_DATABASE_URL`, url]),
      ),
      ...(links.redisUrl === undefined ? {} : { REDIS_URL: links.redisUrl }),
    },
  });
  closeSync(log);
  return child;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function watchReadiness(running: Running): Promise<void> {
  const { child } = running;
  while (!running.wasReady && !hasEnded(child)) {
    running.wasReady = await isReady(running.port);
    await wait(100, undefined, { ref: false });
  }
}

function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}
