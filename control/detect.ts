import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import type { Detector } from './detectors';

/** What a detector says of the source as it stands in a folder. */
export type Detection =
  | { readonly kind: 'nothing_found' }
  | { readonly kind: 'found'; readonly test: string }
  /** It failed, and not because it missed the protection: it says nothing. */
  | { readonly kind: 'failed_otherwise'; readonly why: string };

/** Far longer than a detector takes; a mutant may also make it hang. */
const PATIENCE_MS = 600_000;

const results = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

/** Runs a detector's test in a folder, in a process of its own. A counterexample is not made smaller: one is enough. */
export async function detect(detector: Detector, folder: string, signal: AbortSignal): Promise<Detection> {
  const output = join(folder, 'control-results.json');
  await rm(output, { force: true });
  const ended = await runJest(folder, [detector.file, '--json', `--outputFile=${output}`], signal);
  signal.throwIfAborted();
  const text = await readFile(output, 'utf8').catch(() => undefined);
  if (text === undefined) return { kind: 'failed_otherwise', why: `jest ended with ${ended} and without results` };
  const { success, testResults } = results.parse(JSON.parse(text));
  if (success) return { kind: 'nothing_found' };
  for (const { assertionResults } of testResults) {
    for (const { fullName, failureMessages } of assertionResults) {
      if (failureMessages?.some((message) => detector.says.test(message))) return { kind: 'found', test: fullName };
    }
  }
  const why = testResults.map(({ message }) => message).join('\n');
  return { kind: 'failed_otherwise', why: why.slice(0, 2_000) };
}

function runJest(folder: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const jest = createRequire(__filename).resolve('jest/bin/jest');
  const child = spawn(process.execPath, [jest, '--rootDir', folder, '--runInBand', '--forceExit', ...args], {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, MODEL_FIRST_IS_ENOUGH: 'yes' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    killSignal: 'SIGTERM',
  });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, by) => {
      resolve(String(by ?? code));
    });
  });
}
