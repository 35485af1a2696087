import { hasRedis, startRedis } from '../test/support/redis';
import { type Floor, measureFloor } from './floor';
import { type Measured, measure } from './measure';
import { type Backend, type BenchOptions, HELP, readOptions } from './options';
import { PROFILE_SETTINGS } from './profile';
import { formatReport, report } from './report';
import { setStage } from './stage';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const tell = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const runs: Measured[] = [];
  const floors: Floor[] = [];
  const stage = await setStage(options.profile ? PROFILE_SETTINGS : {});
  try {
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
  } finally {
    await stage.close();
  }
  const result = report(options, floors, runs);
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : formatReport(result));
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
