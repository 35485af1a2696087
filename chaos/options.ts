import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { oneOf, whole } from '../test/support/option-values';

export interface ChaosOptions {
  /** How long the bank begins new payments; setting up, healing and judging come on top. */
  readonly seconds: number;
  readonly seed: number;
  readonly processes: number;
  readonly queue: (typeof QUEUES)[number];
  readonly databases: (typeof DATABASES)[number];
  readonly json: boolean;
  /** Whether the folder with logs and data stays. It stays as well where something was found. */
  readonly keep: boolean;
}

const QUEUES = ['postgres', 'redis', 'both-by-seed'] as const;
/** `one` database for the four schemas, or `four` servers. */
const DATABASES = ['one', 'four'] as const;
/** Mulberry32 takes 32 bits. */
const LARGEST_SEED = 4_294_967_295;

export const HELP = `npm run chaos -- [options]
  --seconds <n>      how long payments begin (60); everything until the verdict takes about a minute more
  --seed <n>         plans the same faults and the same payments again (random, and printed)
  --processes <n>    service processes (3)
  --queue <name>     postgres, redis or both-by-seed (both-by-seed; without a redis-server postgres)
  --databases <n>    one: one server for the four schemas; four: a server for each (one)
  --json             print one JSON object
  --keep             keep logs and data where nothing was found, too
Exits with 0 where nothing was lost and nothing doubled, 1 where something was found, 2 where an option is wrong,
3 where the run itself failed and says nothing about the service.
`;

/** @throws Error whose one line tells a person what is wrong */
export function readOptions(args: readonly string[]): ChaosOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(randomInt(1, 1_000_000_000)) },
      processes: { type: 'string', default: '3' },
      queue: { type: 'string', default: 'both-by-seed' },
      databases: { type: 'string', default: 'one' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    seconds: whole('seconds', values.seconds, 1, 86_400),
    seed: whole('seed', values.seed, 0, LARGEST_SEED),
    processes: whole('processes', values.processes, 1, 16),
    queue: oneOf('queue', values.queue, QUEUES),
    databases: oneOf('databases', values.databases, DATABASES),
    json: values.json,
    keep: values.keep,
  };
}
