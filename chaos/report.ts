import type { AnswerKind } from './bank';
import { type Fault, type FaultKind, describeFault } from './faults';
import type { Finding } from './findings';
import type { Plan } from './plan';
import type { Recoveries } from './recoveries';

/** What a run has come to; `ok` is the exit code. */
export interface Report {
  readonly ok: boolean;
  readonly seed: number;
  readonly seconds: number;
  readonly processes: number;
  readonly databases: 'one' | 'four';
  /** What kept the queue: without a redis-server PostgreSQL does, whatever the plan says. */
  readonly queue: 'postgres' | 'redis';
  readonly plan: Plan;
  readonly orders: number;
  readonly payments: number;
  readonly callbacks: Readonly<Record<AnswerKind, number>>;
  readonly merchants: {
    readonly requests: number;
    readonly taken: number;
    readonly again: number;
    readonly failed: number;
  };
  /** Notifications that stand in their schedule at the end of a run that is too short to wait for them. */
  readonly owed: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly starts: number;
  readonly recoveries: Recoveries;
  /** From the end of the last fault until nothing was under way. */
  readonly secondsToQuiet: number;
  readonly audited: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly doubled: number;
  readonly found: number;
  readonly findings: readonly Finding[];
  /** Logs and data; null where they were removed. */
  readonly folder: string | null;
}

export function formatReport(report: Report): string {
  const { plan, findings } = report;
  const lines = [
    `seed ${report.seed}: ${report.seconds} s, ${report.processes} processes, ${report.databases} database${report.databases === 'one' ? '' : 's'}, queue on ${report.queue}`,
    row('orders', report.orders),
    row('payments', report.payments),
    row('callbacks', list(report.callbacks)),
    row('notifications', list({ ...report.merchants, owed: report.owed })),
    row('faults', list(report.faults)),
    row('starts', report.starts),
    row('recoveries', list(report.recoveries)),
    row('quiet after', `${report.secondsToQuiet.toFixed(1)} s`),
    row(
      'rows audited',
      Object.values(report.audited).reduce((sum, checked) => sum + checked, 0),
    ),
    row('lost', report.lost),
    row('doubled', report.doubled),
  ];
  if (report.ok) return `${lines.join('\n')}\n`;
  return `${[
    ...lines,
    '',
    `${report.found} findings:`,
    ...findings.map(({ kind, sentence }) => `  ${kind}: ${sentence}`),
    '',
    'What was inflicted:',
    ...plan.faults.map((fault: Fault) => `  ${describeFault(fault)}`),
    '',
    `The same again: npm run chaos -- ${argumentsOf(report)}`,
    `Logs and data: ${report.folder ?? 'removed'}`,
  ].join('\n')}\n`;
}

function argumentsOf({ seed, seconds, processes, queue, databases }: Report): string {
  return `--seed ${seed} --seconds ${seconds} --processes ${processes} --queue ${queue} --databases ${databases}`;
}

function row(name: string, value: string | number): string {
  return `${name.padEnd(14)}${value}`;
}

function list(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`);
  return entries.length === 0 ? 'none' : entries.join(', ');
}
