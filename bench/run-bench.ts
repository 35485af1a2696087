import { hasRedis, startRedis } from '../test/support/redis';
import { type Floor, measureFloor } from './floor';
import { type Measured, measure } from './measure';
import { type Backend, type BenchOptions, HELP, readOptions } from './options';
import { PROFILE_SETTINGS } from './profile';
import { mediansOf } from './medians';
import { type Result, formatReport, report } from './report';
import { type Stage, setStage } from './stage';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const tell = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const rounds: Result[] = [];
  const stage = await setStage(options.profile ? PROFILE_SETTINGS : {});
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      if (options.rounds > 1) tell(`round ${round + 1} of ${options.rounds}`);
      // In turns, so that neither always comes after what the other has left to be written and cleared away.
      const spreads = round % 2 === 0 ? options.spreads : options.spreads.toReversed();
      rounds.push(await measureRound(stage, { ...options, spreads }, tell));
    }
  } finally {
    await stage.close();
  }
  const result = mediansOf(rounds);
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : formatReport(result));
}

async function measureRound(stage: Stage, options: BenchOptions, tell: (line: string) => void): Promise<Result> {
  const runs: Measured[] = [];
  const floors: Floor[] = [];
  for (const spread of options.spreads) {
    if (options.floorSeconds > 0) {
      tell(`floor, ${spread}: one bare transaction per payment`);
      floors.push(await measureFloor(stage, spread, options));
    }
    for (const backend of usable(options, tell)) {
      tell(`${options.payments} payments, ${spread}, queue on ${backend}`);
      runs.push(await withQueue(backend, (redisUrl) => measure(stage, options, { backend, spread, redisUrl })));
    }
  }
  return report(options, floors, runs);
}

function usable(options: BenchOptions, tell: (line: string) => void): readonly Backend[] {
  if (hasRedis()) return options.backends;
  tell('skipped: no redis-server (install: apt-get install redis-server)');
  return options.backends.filter((backend) => backend !== 'redis');
}

async function withQueue<Result>(
  backend: Backend,
  work: (redisUrl: string | undefined) => Promise<Result>,
): Promise<Result> {
  const redis = backend === 'redis' ? await startRedis() : undefined;
  try {
    return await work(redis?.url);
  } finally {
    await redis?.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
