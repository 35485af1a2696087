import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { DATA_FILES, readIfThere } from '../src/data-dir';
import { readState } from '../src/database/embedded/home';
import { clearLeftovers } from '../src/database/embedded/postmaster';

/** The demo runs from its sources or built, and so do the processes that it starts. */
const EXTENSION = extname(__filename);

/** A child that must live as long as the demo. */
export interface Child {
  readonly process: ChildProcess;
  /** Ends it and waits until it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** @param onDeath told in a sentence where it ends although nobody has ended it */
function watched(name: string, child: ChildProcess, onDeath: (sentence: string) => void): Child {
  let wanted = false;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve();
      if (!wanted) onDeath(`${name} has ended by itself (${signal ?? `exit code ${code ?? ''}`})`);
    });
  });
  return {
    process: child,
    end: async (signal) => {
      wanted = true;
      child.kill(signal);
      await ended;
    },
  };
}

/** Starts `bank` or `merchant`. */
export function startActor(name: 'bank' | 'merchant', onDeath: (sentence: string) => void): Child {
  const child = fork(join(__dirname, `${name}${EXTENSION}`), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return watched(`the ${name}'s process`, child, onDeath);
}

export interface ServiceChild extends Child {
  /** Where the service is and the operator's token, once it is ready. Rejects with what it said where it does not start. */
  readonly ready: Promise<{ readonly url: string; readonly operatorToken: string }>;
}

const serviceFile = z.object({ url: z.string(), pid: z.number() });
const START_MS = 60_000;

/**
 * Starts the service on its data. Nothing of the demo's own environment reaches it: it runs as on an empty machine.
 * @param port 0 for a free one
 */
export function startService(
  options: { readonly dataDir: string; readonly logFile: string; readonly port: number },
  onDeath: (sentence: string) => void,
): ServiceChild {
  const { dataDir, logFile, port } = options;
  const log = openSync(logFile, 'a', 0o600);
  const child = fork(join(__dirname, `service${EXTENSION}`), [], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: environmentFor(dataDir, { PORT: String(port), LOG_LEVEL: 'warn' }),
  });
  closeSync(log);
  const service = watched('the service', child, (sentence) => {
    onDeath(`${sentence}:\n${lastLines(logFile)}`);
  });
  return { ...service, ready: waitUntilReady(child, dataDir, logFile) };
}

async function waitUntilReady(
  child: ChildProcess,
  dataDir: string,
  logFile: string,
): Promise<{ url: string; operatorToken: string }> {
  const deadline = Date.now() + START_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const url = urlOf(dataDir, child.pid);
    if (url !== undefined && (await isReady(url))) {
      return { url, operatorToken: readFileSync(join(dataDir, DATA_FILES.operatorToken), 'utf8').trim() };
    }
    await wait(50);
  }
  throw new Error(`the service did not start:\n${lastLines(logFile)}`);
}

function environmentFor(dataDir: string, more: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), QUITTANCE_DATA_DIR: dataDir, ...more };
}

/** The file of a service that was killed is still there, and names another process. */
function urlOf(dataDir: string, pid: number | undefined): string | undefined {
  const text = readIfThere(join(dataDir, DATA_FILES.service));
  if (text === undefined) return undefined;
  const file = serviceFile.parse(JSON.parse(text));
  return file.pid === pid ? file.url : undefined;
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  );
}

function lastLines(file: string): string {
  return (readIfThere(file) ?? '').trim().split('\n').slice(-8).join('\n');
}

/** A service that was killed has left its database server behind. */
export async function stopOrphanedDatabase(dataDir: string): Promise<string | undefined> {
  const home = readState(dataDir)?.home;
  if (home !== undefined) await clearLeftovers(join(home, 'postgres'));
  return home;
}

/** Runs `quittance <args>` beside the service; gives what it printed. */
export async function runCommand(dataDir: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const cli = join(__dirname, '..', 'src', `cli${EXTENSION}`);
  const child = spawn(process.execPath, [...process.execArgv, cli, ...args], {
    env: environmentFor(dataDir, {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let trouble = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (trouble += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, output: output === '' ? trouble : output };
}
