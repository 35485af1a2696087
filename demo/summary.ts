import { z } from 'zod';
import { type AuditReport, formatAudit } from '../src/audit/report';
import { table } from '../src/cli/output';
import { type BankBooks, SORTS, type Sort } from './bank-calls';
import type { Findings } from './inspect';
import type { MerchantReport } from './merchant-calls';
import type { Reconciled } from './reconcile';
import { fromMinor, toMinor } from './minor-units';
import type { Screen } from './screen';
import { MERCHANTS } from './world';

/** Everything that the demo has found out. */
export interface Outcome {
  readonly found: Findings;
  readonly bank: BankBooks;
  readonly merchants: MerchantReport;
  /** How many orders the merchants had to ask about, because they had not been told. */
  readonly asked: number;
  readonly reconciled: Reconciled;
  readonly audit: { readonly ok: boolean; readonly text: string };
  readonly rush: { readonly payments: number; readonly seconds: number };
  readonly disagreements: readonly string[];
  readonly seconds: number;
  readonly seed: number;
}

/** The summary that a person reads when it is over. */
export function showSummary(screen: Screen, outcome: Outcome): void {
  const { found, bank, merchants } = outcome;
  const section = (title: string, text: string): void => {
    screen.line();
    screen.line(screen.bold(title));
    for (const line of text.split('\n')) screen.line(`  ${line}`);
  };
  section('What was thrown at it', thrown(bank));
  section('What the bank heard', heard(bank));
  section('Orders', counted(found.states));
  section('What belongs to whom', balances(found));
  section('What belongs to nobody yet, and what was earned', house(found));
  section('Points', points(found));
  section('What the merchants were told', told(merchants, outcome.asked));
  section('Incidents, for a person to look at', counted(found.incidents));
  section(`The statement of ${outcome.reconciled.channel}, line by line`, statement(outcome.reconciled));
  section('Trial balance', trial(found));
  section('Audit', outcome.audit.text);
  showVerdict(screen, outcome);
}

function thrown({ sent }: BankBooks): string {
  const rows = (Object.keys(SORTS) as Sort[]).flatMap((sort) => {
    const times = sent[sort] ?? 0;
    return times === 0 ? [] : [{ times, what: SORTS[sort] }];
  });
  return table(rows, ['times', 'what']);
}

function heard({ counts, waiting }: BankBooks): string {
  const lines = [
    `${counts.requests} callbacks: ${counts.acknowledged} acknowledged, ${counts.refused} refused, ` +
      `${counts.tryAgain} times "try again", ${counts.unreachable} times nobody there`,
    ...waiting.map(
      ({ minor, currency, channel }) =>
        `${fromMinor(minor, currency)} ${currency} of ${channel} for an order that nobody knows still wait: ` +
        'it may yet appear for a minute, then they go to suspense',
    ),
  ];
  return lines.join('\n');
}

function statement({ found, disagreements }: Reconciled): string {
  const rows = Object.entries(found).map(([name, count]) => ({ count: String(count), what: spoken(name) }));
  const verdict =
    disagreements.length === 0 ? 'exactly the differences that the bank had put into it' : 'not what it held';
  return [table(rows, ['count', 'what']), `${verdict}; the next day's statement explained two of them`].join('\n');
}

function counted(counts: ReadonlyMap<string, bigint>): string {
  const rows = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, count]) => ({ count: String(count), what: spoken(what) }));
  return rows.length === 0 ? 'none' : table(rows, ['count', 'what']);
}

function spoken(name: string): string {
  return name.replaceAll('_', ' ');
}

function balances(found: Findings): string {
  const rows = MERCHANTS.flatMap(({ key, name, currencies, payees }) =>
    currencies.flatMap(({ currency }) => [
      { owner: name, currency, balance: shown(found.merchants.get(`${key} ${currency}`), currency) },
      ...payees.flatMap((payee) => {
        const minor = found.payees.get(`${key} ${payee} ${currency}`);
        return minor === undefined || minor === 0n
          ? []
          : [{ owner: `  ${payee}`, currency, balance: shown(minor, currency) }];
      }),
    ]),
  );
  return table(rows, ['owner', 'currency', 'balance']);
}

function house({ fees, suspense }: Findings): string {
  const currencies = [...new Set([...fees.keys(), ...suspense.keys()])].sort();
  const rows = currencies.map((currency) => ({
    currency,
    suspense: shown(suspense.get(currency), currency),
    fees: shown(fees.get(currency), currency),
  }));
  return table(rows, ['currency', 'suspense', 'fees']);
}

function shown(minor: bigint | undefined, currency: string): string {
  return fromMinor(minor ?? 0n, currency);
}

function points(found: Findings): string {
  const rows = MERCHANTS.flatMap(({ key, name, customers }) => {
    const earned = customers.flatMap((customer) => {
      const sum = found.points.get(`${key} ${customer}`) ?? 0n;
      return sum === 0n ? [] : [`${customer} ${sum}`];
    });
    return earned.length === 0 ? [] : [{ merchant: name, customers: earned.join(', ') }];
  });
  return table(rows, ['merchant', 'customers']);
}

function told(report: MerchantReport, asked: number): string {
  const failures = Object.entries(report.failed).map(([how, times]) => `${times} times it ${how}`);
  return [
    `${report.attempts} attempts, ${report.taken} taken, every signature verified by the official library`,
    `on purpose a merchant's server failed: ${failures.length === 0 ? 'never' : failures.join(', ')}`,
    `${report.told} orders were announced; of ${asked} the merchants had heard nothing yet and asked the API`,
  ].join('\n');
}

/** Accounts down, currencies across; debits are positive and credits negative, so that each column adds up to zero. */
function trial({ trialBalance, names, differences }: Findings): string {
  const currencies = [...differences.keys()].sort();
  const cell = (account: string, currency: string): string => {
    const line = trialBalance.find((one) => one.account === account && one.currency === currency);
    return line === undefined
      ? '-'
      : fromMinor(toMinor(line.debit, currency) - toMinor(line.credit, currency), currency);
  };
  const rows = [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([account, name]) => ({
      account: `${account} ${name}`,
      ...Object.fromEntries(currencies.map((currency) => [currency, cell(account, currency)])),
    }));
  const sums = currencies.map((currency) => [currency, shown(differences.get(currency), currency)]);
  return table([...rows, { account: 'debits less credits', ...Object.fromEntries(sums) }], ['account', ...currencies]);
}

function showVerdict(screen: Screen, { rush, disagreements, seconds, audit, seed }: Outcome): void {
  screen.line();
  screen.line(
    `Rush hour: ${rush.payments} payments at once took ${rush.seconds.toFixed(1)} s, ` +
      `${Math.round(rush.payments / Math.max(rush.seconds, 0.001))} a second, each credited before the bank heard so.`,
  );
  const fine = disagreements.length === 0 && audit.ok;
  if (fine) {
    screen.line(
      screen.good('The bank, the merchants, the books and the audit agree, to the last minor unit.') +
        screen.dim(` ${seconds.toFixed(1)} s, seed ${seed}`),
    );
    return;
  }
  if (!audit.ok) screen.line(screen.bad('The audit has found violations.'));
  for (const sentence of disagreements.slice(0, 40)) screen.line(screen.bad(`  ${sentence}`));
  if (disagreements.length > 40) screen.line(screen.bad(`  and ${disagreements.length - 40} more`));
  screen.line(screen.bad(`They do not agree. ${seconds.toFixed(1)} s, seed ${seed}`));
}

const auditReport = z.object({ ok: z.boolean(), guarantees: z.array(z.unknown()), books: z.unknown() });

/** What `quittance audit --json` printed, as the table that `quittance audit` prints; the bare words where it is no report. */
export function readAudit({ code, output }: { code: number; output: string }): Outcome['audit'] {
  try {
    const report = auditReport.parse(JSON.parse(output));
    return { ok: report.ok && code === 0, text: formatAudit(report as AuditReport) };
  } catch {
    return { ok: false, text: output.trim() };
  }
}
