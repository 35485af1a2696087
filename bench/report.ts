import type { Floor } from './floor';
import type { Measured } from './measure';
import { formatProfile } from './profile';
import type { Spread } from './backends';

export interface Result {
  /** Of so many rounds these are the medians. */
  readonly rounds: number;
  readonly callers: number;
  readonly payments: number;
  readonly merchants: number;
  readonly floors: readonly Floor[];
  readonly runs: readonly (Measured & {
    /** Settled per second, as a share of the floor of the same run. */
    readonly ofFloor: number | null;
  })[];
  /** Settled per second with one hot merchant, as a share of the spread figure on the same queue. */
  readonly hotOfSpread: readonly { readonly backend: string; readonly ratio: number }[];
}

export function report(
  load: Pick<Result, 'callers' | 'payments' | 'merchants'>,
  floors: readonly Floor[],
  runs: readonly Measured[],
): Result {
  const floorOf = (spread: Spread): number | undefined => floors.find((floor) => floor.spread === spread)?.perSecond;
  return {
    rounds: 1,
    callers: load.callers,
    payments: load.payments,
    merchants: load.merchants,
    floors,
    runs: runs.map((run) => {
      const floor = floorOf(run.spread);
      return { ...run, ofFloor: floor === undefined ? null : run.settledPerSecond / floor };
    }),
    hotOfSpread: runs.flatMap((hot) => {
      const spread = runs.find((run) => run.spread === 'spread' && run.backend === hot.backend);
      if (hot.spread !== 'hot' || spread === undefined) return [];
      return [{ backend: hot.backend, ratio: hot.settledPerSecond / spread.settledPerSecond }];
    }),
  };
}

export function formatReport(result: Result): string {
  const lines = [
    `${result.payments} payments, ${result.callers} callers, ${result.merchants} merchants or one hot; the bank, the merchants`,
    'and PostgreSQL share this machine with the service. Every run ended with a clean audit.',
    ...(result.rounds === 1 ? [] : [`Medians of ${result.rounds} rounds, of the ratios too, each within its round.`]),
    '',
    row(['', 'ack/s', 'settled/s', 'of floor', 'p50 ms', 'p95 ms', 'p99 ms', 'again']),
    ...result.floors.map((floor) =>
      row([`floor, ${floor.spread}`, '', round(floor.perSecond), '1.00', '', '', '', '']).concat(
        `  ${floor.connections} connections, by ${floor.by}`,
      ),
    ),
    ...result.runs.map((run) =>
      row([
        `${run.spread}, ${run.backend}`,
        round(run.acknowledgedPerSecond),
        round(run.settledPerSecond),
        run.ofFloor?.toFixed(2) ?? '',
        run.p50.toFixed(1),
        run.p95.toFixed(1),
        run.p99.toFixed(1),
        String(run.tryAgain),
      ]),
    ),
    ...result.hotOfSpread.map(({ backend, ratio }) => `hot / spread on ${backend}: ${ratio.toFixed(2)}`),
    '',
    ...result.runs.map((run) => `${run.spread}, ${run.backend}: ${run.cpu.map(showUsage).join('; ')}`),
    ...result.runs.flatMap((run) => (run.profile === null ? [] : ['', formatProfile(run.profile, run.payments)])),
  ];
  return `${lines.join('\n')}\n`;
}

function showUsage({ who, perPaymentMs, memoryMb }: Measured['cpu'][number]): string {
  return `${who} ${perPaymentMs.toFixed(2)} ms CPU per payment, ${round(memoryMb)} MB`;
}

function row([head = '', ...cells]: readonly string[]): string {
  return head.padEnd(18) + cells.map((cell) => cell.padStart(10)).join('');
}

function round(number: number): string {
  return String(Math.round(number));
}
