import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type Death, TELLS } from './mortal-boundaries';

/** A service in a process of its own that dies where it is told to. */
export interface MortalProcess {
  /** Where it listens, once it does. */
  readonly url: Promise<string>;
  /** Tells it where to die; resolves when it knows. */
  warn(death: Death): Promise<void>;
  /** Waits for its death. @throws where it does not die, or dies otherwise than by SIGKILL at this very point */
  mustDieAt(death: Death): Promise<void>;
  /** Ends it now, if it lives. */
  kill(): Promise<void>;
  /** The points that it has come to. */
  passed(): readonly string[];
  /** What it did that no fail point covers; empty. */
  complaints(): readonly string[];
}

export interface MortalOptions {
  /** The compiled program. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where it dies, from the start on. */
  readonly diesAt?: Death;
}

/** A process that has nothing to wait for reaches its point within a second; a loaded machine may take its time. */
const PATIENCE_MS = 120_000;

export function startMortal({ entry, env, diesAt }: MortalOptions): MortalProcess {
  const child = fork(entry, [], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...env,
      ...(diesAt === undefined ? {} : { DIES_AT: JSON.stringify(diesAt) }),
    },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let log = '';
  let told = '';
  child.stdout?.on('data', (data: Buffer) => (log += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (told += data.toString()));
  const ended = once(child, 'close').then(([code, signal]) => String(signal ?? code));
  const lines = (tell: string): readonly string[] =>
    told.split('\n').flatMap((line) => (line.startsWith(`${tell} `) ? [line.slice(tell.length + 1)] : []));
  const url = ready(child).then(
    (found) => found,
    () => {
      throw new Error(`the service did not start:\n${told}${log}`);
    },
  );
  // Whoever starts a process that dies at once has no use for its address.
  url.catch(() => undefined);
  return {
    url,
    warn: async (death) => {
      const warned = once(child, 'message');
      child.send(death);
      await warned;
    },
    mustDieAt: async ({ side, point }) => {
      const end = await Promise.race([ended, wait(PATIENCE_MS, 'no end', { ref: false })]);
      const [last] = lines(TELLS.dies);
      if (end === 'SIGKILL' && last === `${side} ${point}`) return;
      throw new Error(`it did not die ${side} ${point}, but by ${end} at ${last ?? 'no point'}:\n${told}${log}`);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    passed: () => lines(TELLS.passed),
    complaints: () => lines(TELLS.wrote),
  };
}

async function ready(child: ChildProcess): Promise<string> {
  const ended = once(child, 'close').then(() => undefined);
  const message = await Promise.race([once(child, 'message').then(([first]) => first as { url: string }), ended]);
  if (message === undefined) throw new Error('it ended');
  return message.url;
}
