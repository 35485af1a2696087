import { parseArgs } from 'node:util';
import { oneOf, whole } from '../test/support/option-values';

export interface BenchOptions {
  /** How many callbacks are under way at once. */
  readonly callers: number;
  /** How many payments each run settles, after the warm-up. */
  readonly payments: number;
  readonly warmUp: number;
  /** Over how many merchants the payments of the spread run are distributed. */
  readonly merchants: number;
  readonly backends: readonly Backend[];
  readonly spreads: readonly Spread[];
  readonly floorSeconds: number;
  /** How often all of it is measured; the figures are the medians. */
  readonly rounds: number;
  readonly json: boolean;
  /** Whether the service gives everything to the queue, as it does with what it does not keep up with. */
  readonly throughQueue: boolean;
  /** Whether PostgreSQL counts what each statement costs, which itself costs a little. */
  readonly profile: boolean;
}

/** What keeps the queue. */
export type Backend = 'postgres' | 'redis';
/** `spread` over all merchants, or everything to one `hot` merchant. */
export type Spread = 'spread' | 'hot';

export const HELP = `npm run bench -- [options]
  --callers <n>        callbacks under way at once (128)
  --payments <n>       payments per run (20000)
  --warm-up <n>        payments before each run that are not counted (2000)
  --merchants <n>      merchants of the spread run (1000)
  --backend <name>     postgres or redis; both where there is a redis-server
  --only <name>        spread or hot; both
  --floor-seconds <n>  how long each floor is measured (8)
  --rounds <n>         measure all of it so often, in turns, and print the medians (1)
  --profile            print what each statement costs in PostgreSQL (pg_stat_statements)
  --through-queue      the service gives everything to the queue (QUEUE_EVERYTHING=true)
  --json               print one JSON object
`;

/** @throws Error whose message tells a person what is wrong */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      callers: { type: 'string', default: '128' },
      payments: { type: 'string', default: '20000' },
      'warm-up': { type: 'string', default: '2000' },
      merchants: { type: 'string', default: '1000' },
      backend: { type: 'string' },
      only: { type: 'string' },
      'floor-seconds': { type: 'string', default: '8' },
      rounds: { type: 'string', default: '1' },
      'through-queue': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    callers: whole('callers', values.callers, 1, 1_500),
    payments: whole('payments', values.payments, 1, 1_000_000),
    warmUp: whole('warm-up', values['warm-up'], 0, 100_000),
    merchants: whole('merchants', values.merchants, 1, 10_000),
    backends: oneOrAll('backend', values.backend, ['postgres', 'redis']),
    spreads: oneOrAll('only', values.only, ['spread', 'hot']),
    floorSeconds: whole('floor-seconds', values['floor-seconds'], 0, 600),
    rounds: whole('rounds', values.rounds, 1, 100),
    throughQueue: values['through-queue'],
    json: values.json,
    profile: values.profile,
  };
}

/** All of them where none is given. */
function oneOrAll<Name extends string>(
  option: string,
  given: string | undefined,
  names: readonly Name[],
): readonly Name[] {
  return given === undefined ? names : [oneOf(option, given, names)];
}
