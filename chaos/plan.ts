import { SCHEMAS } from '../src/consistency/transaction';
import { type Random, createRandom } from '../demo/random';
import { type Fault, type FaultKind, type Link, SLOW_FOR_MS } from './faults';

export interface Plan {
  /** What keeps the queue, where the machine has it. */
  readonly queue: 'postgres' | 'redis';
  /** Of the service: how long an attempt may be undecided, and how long a bank waits. */
  readonly deadlineMs: number;
  readonly answerBudgetMs: number;
  readonly faults: readonly Fault[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly processes: number;
  readonly queue: 'postgres' | 'redis' | 'both-by-seed';
  readonly databases: 'one' | 'four';
}

/** What hits a process in the middle of payments comes twice as often. */
const KINDS: readonly FaultKind[] = [
  'kill',
  'kill',
  'restart',
  'freeze',
  'freeze',
  'skew',
  'postgres',
  'outage',
  'cut',
  'reset',
  'delay',
  'black_hole',
  'crowd',
  'locks',
  'flush',
  'queue',
];

/** Longer than the leases of transactions, receipts (20 s) and messages (12 s); and longer than that of notifications (45 s). */
const PAST_LEASES = [21_000, 24_000] as const;
const PAST_EVERY_LEASE = [46_000, 50_000] as const;
const FIRST_AT_MS = 1_000;
/** So long before the end of the load the last fault begins. */
const LAST_BEFORE_MS = 300;

/**
 * What will go wrong and when, decided by the options alone: the same seed plans the same faults. Kinds come as cards are
 * dealt, so that each has come before one comes again; among the first cards there are always a kill, a process that is
 * frozen for longer than leases, where there are three one that is frozen for about its deadline, and with four servers one
 * that is away.
 */
export function planChaos(options: PlanOptions): Plan {
  const random = createRandom(options.seed);
  const coin = random.chance(0.5) ? 'redis' : 'postgres';
  const deadlineMs = random.whole(1_000, 3_000);
  return {
    queue: options.queue === 'both-by-seed' ? coin : options.queue,
    deadlineMs,
    answerBudgetMs: random.whole(1_000, 3_500),
    faults: planFaults(random, options, deadlineMs),
  };
}

function planFaults(random: Random, options: PlanOptions, deadlineMs: number): readonly Fault[] {
  const endsAt = options.seconds * 1_000 - LAST_BEFORE_MS;
  const gapMs = Math.min(2_500, Math.max(900, options.seconds * 60));
  const everybody = Array.from({ length: options.processes }, (_, index) => index);
  const frozenUntil = everybody.map(() => 0);
  const faults: Fault[] = [];
  let cards = [...shuffled(random, firstCards(options, random)), ...shuffled(random, KINDS)];
  let freezes = 0;
  for (let at = FIRST_AT_MS; at < endsAt; at += Math.round(gapMs * (0.4 + 1.2 * random.fraction()))) {
    if (cards.length === 0) cards = shuffled(random, KINDS);
    const card = cards.shift() ?? 'kill';
    const awake = everybody.filter((index) => (frozenUntil[index] ?? 0) <= at);
    const process = random.pick(awake);
    // Somebody must be there to take over.
    const kind = card === 'freeze' && awake.length === 1 ? 'reset' : card;
    if (kind !== 'freeze') {
      faults.push(faultOf(kind, at, process, random, options));
      continue;
    }
    const slowMs = slowness(random);
    const lastsMs = freezeMs(random, freezes, deadlineMs, options.seconds * 1_000 - at);
    freezes += 1;
    frozenUntil[process] = at + lastsMs + SLOW_FOR_MS;
    faults.push({ kind, at, process, slowMs, lastsMs });
  }
  return faults;
}

function firstCards({ databases, processes }: PlanOptions, random: Random): readonly FaultKind[] {
  return [
    'kill',
    ...(processes > 1 ? (['freeze'] as const) : []),
    ...(processes > 2 ? (['freeze'] as const) : []),
    ...(databases === 'four' ? (['outage'] as const) : []),
    random.pick(['cut', 'reset', 'black_hole', 'postgres'] as const),
  ];
}

/**
 * The first freeze outlasts leases; where there is time, one outlasts every lease. The others end at about the deadline,
 * just when somebody else gives up what the process had begun, or some seconds later.
 */
function freezeMs(random: Random, freezes: number, deadlineMs: number, leftMs: number): number {
  if (freezes === 0) return random.whole(...PAST_LEASES);
  if (leftMs > PAST_EVERY_LEASE[1] && random.chance(0.2)) return random.whole(...PAST_EVERY_LEASE);
  return random.chance(0.6) ? Math.max(500, deadlineMs + random.whole(-700, 1_000)) : random.whole(3_500, 7_000);
}

/** A process whose links are fast is rarely in the middle of something. */
function slowness(random: Random): number {
  return random.chance(0.75) ? random.whole(20, 250) : 0;
}

function faultOf(
  kind: Exclude<FaultKind, 'freeze'>,
  at: number,
  process: number,
  random: Random,
  { seconds, databases }: PlanOptions,
): Fault {
  const schema = random.pick(SCHEMAS);
  const link: Link = random.chance(0.15) ? 'queue' : random.pick(SCHEMAS);
  const longest = Math.min(seconds * 250, databases === 'four' ? 15_000 : 8_000);
  switch (kind) {
    case 'kill':
      return { kind, at, process, slowMs: slowness(random), downMs: random.whole(0, 1_500) };
    case 'restart':
      return { kind, at, process };
    case 'skew':
      return {
        kind,
        at,
        process,
        byMs: (random.chance(0.5) ? 1 : -1) * random.whole(60_000, 240_000),
        lastsMs: random.whole(2_000, 6_000),
      };
    case 'postgres':
      return { kind, at, schema };
    case 'outage':
      return { kind, at, schema, lastsMs: random.whole(Math.min(1_500, longest), longest) };
    case 'cut':
    case 'black_hole':
      return { kind, at, process, link, lastsMs: random.whole(500, 6_000) };
    case 'reset':
      return { kind, at, process, link };
    case 'delay':
      return { kind, at, process, link, byMs: random.whole(20, 700), lastsMs: random.whole(1_000, 5_000) };
    case 'crowd':
    case 'locks':
      return { kind, at, schema, lastsMs: random.whole(800, 4_500) };
    case 'flush':
      return { kind, at };
    case 'queue':
      return { kind, at, downMs: random.whole(100, 3_000) };
  }
}

function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.whole(0, left.length - 1), 1)[0] as Item);
}
