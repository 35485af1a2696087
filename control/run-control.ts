import { type Detection, detect } from './detect';
import type { Detector } from './detectors';
import type { Mutant } from './mutants/mutant';
import { MUTANTS } from './mutants/mutants';
import { type ControlOptions, HELP, readOptions } from './options';
import { copySource } from './source-copy';

const EXIT = { noticed: 0, unnoticed: 1, wrongOption: 2, saysNothing: 3, interrupted: 130 } as const;

interface Verdict {
  readonly mutant: string;
  readonly breaks: string;
  readonly by: string;
  readonly detection: Detection;
  readonly seconds: number;
}

async function main(): Promise<number> {
  const options = optionsOrRefusal();
  if (typeof options === 'number') return options;
  const mutants = MUTANTS.filter(({ name }) => options.names.includes(name));
  if (options.list) {
    for (const { name, breaks } of mutants) process.stdout.write(`${name.padEnd(34)} ${breaks}\n`);
    return EXIT.noticed;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted.abort(new Error('interrupted'));
    });
  }
  try {
    return await control(mutants, options, interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return EXIT.interrupted;
  }
}

/** Each detector first on the source as it is, where it must find nothing; then each mutant by each of its detectors. */
async function control(mutants: readonly Mutant[], { json }: ControlOptions, signal: AbortSignal): Promise<number> {
  const copy = await copySource();
  const say = (line: string): void => {
    if (!json) process.stdout.write(`${line}\n`);
  };
  try {
    const verdicts: Verdict[] = [];
    const run = async (mutant: string, breaks: string, by: Detector): Promise<void> => {
      const began = Date.now();
      const detection = await detect(by, copy.folder, signal);
      const verdict = { mutant, breaks, by: by.name, detection, seconds: Math.round((Date.now() - began) / 1000) };
      verdicts.push(verdict);
      say(lineOf(verdict));
    };
    for (const detector of new Set(mutants.flatMap(({ detectors }) => detectors))) await run(UNBROKEN, '', detector);
    for (const { name, breaks, edits, detectors } of mutants) {
      await copy.broken(edits, async () => {
        for (const detector of detectors) await run(name, breaks, detector);
      });
    }
    if (json) process.stdout.write(`${JSON.stringify({ verdicts }, null, 2)}\n`);
    return exitOf(verdicts);
  } finally {
    await copy.remove();
  }
}

const UNBROKEN = 'as it is';

function lineOf({ mutant, by, detection, seconds }: Verdict): string {
  const head = `${mutant.padEnd(34)} ${by.padEnd(18)} ${String(seconds).padStart(4)} s  `;
  switch (detection.kind) {
    case 'nothing_found':
      return `${head}${mutant === UNBROKEN ? 'nothing found, as it must be' : 'NOT NOTICED'}`;
    case 'found':
      return `${head}${mutant === UNBROKEN ? 'FOUND SOMETHING' : 'noticed'}: ${detection.test}`;
    case 'failed_otherwise':
      return `${head}SAYS NOTHING: ${detection.why}`;
  }
}

function exitOf(verdicts: readonly Verdict[]): number {
  const isWrong = ({ mutant, detection: { kind } }: Verdict): boolean =>
    kind === 'failed_otherwise' || (mutant === UNBROKEN && kind === 'found');
  if (verdicts.some(isWrong)) return EXIT.saysNothing;
  const isUnnoticed = ({ mutant, detection: { kind } }: Verdict): boolean =>
    mutant !== UNBROKEN && kind === 'nothing_found';
  return verdicts.some(isUnnoticed) ? EXIT.unnoticed : EXIT.noticed;
}

function optionsOrRefusal(): ControlOptions | number {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== 'help') return options;
    process.stdout.write(HELP);
    return EXIT.noticed;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.wrongOption;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
