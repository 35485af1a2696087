import { parseArgs } from 'node:util';

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
  readonly json: boolean;
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
  --profile            print what each statement costs in PostgreSQL (pg_stat_statements)
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
    backends: oneOf('backend', values.backend, ['postgres', 'redis']),
    spreads: oneOf('only', values.only, ['spread', 'hot']),
    floorSeconds: whole('floor-seconds', values['floor-seconds'], 0, 600),
    json: values.json,
    profile: values.profile,
  };
}

function whole(name: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= from && number <= to) return number;
  throw new Error(`--${name} is "${text}"; expected a whole number from ${from} to ${to}`);
}

function oneOf<Name extends string>(
  option: string,
  given: string | undefined,
  names: readonly Name[],
): readonly Name[] {
  if (given === undefined) return names;
  const found = names.find((name) => name === given);
  if (found === undefined) throw new Error(`--${option} is "${given}"; expected ${names.join(' or ')}`);
  return [found];
}
