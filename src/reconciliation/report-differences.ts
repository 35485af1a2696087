import type { Tx } from '../consistency/transaction';
import type { OrderId, ReceiptId } from '../core/ids';
import { Money } from '../core/money';
import type { IncidentKind, Incidents, NewIncident } from '../incidents/incident';
import { type ResultRow, resultsStore } from './results-store';
import type { ResultClass, RunningRun } from './run';
import { quarantineSubject } from './stage-statement';

/** An incident that a statement explains, and the sentence that says how. */
export interface Resolution {
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly resolution: string;
}

export interface ReportDependencies {
  readonly incidents: Incidents;
  readonly resolveIncidents: (tx: Tx<'orders'>, resolutions: readonly Resolution[]) => Promise<number>;
}

const PAGE = 500;
/** More of one class in one statement are one mistake, not a thousand and one things to look at. */
const MOST_OF_A_CLASS = 1_000;

const KIND_OF: Readonly<Partial<Record<ResultClass, IncidentKind>>> = {
  amount_difference: 'reconciliation_amount_difference',
  currency_difference: 'reconciliation_currency_difference',
  status_difference: 'reconciliation_status_difference',
  fee_difference: 'reconciliation_fee_difference',
  duplicate_line: 'reconciliation_duplicate_line',
  refund_unknown: 'reconciliation_refund_unknown',
  missing_at_bank: 'reconciliation_missing_at_bank',
  missing_with_us: 'reconciliation_missing_with_us',
};
const REPORTED = Object.keys(KIND_OF);
/** What a line that agrees with its receipt explains. */
const OF_A_RECEIPT: readonly IncidentKind[] = [
  'reconciliation_amount_difference',
  'reconciliation_currency_difference',
  'reconciliation_status_difference',
  'reconciliation_fee_difference',
  'reconciliation_missing_at_bank',
];

/**
 * Opens an incident for each difference, with both sides' facts, and resolves those that the statement explains; a page of
 * them in one transaction.
 * @returns where the next page begins, undefined where this was the last
 */
export async function reportDifferences(
  deps: ReportDependencies,
  tx: Tx<'orders'>,
  run: RunningRun,
  after: string,
): Promise<string | undefined> {
  const page = { classes: REPORTED, after, mostOfAClass: MOST_OF_A_CLASS, limit: PAGE };
  const rows = await resultsStore.toReport(tx, run.id, page);
  await deps.resolveIncidents(
    tx,
    rows.flatMap((row) => explained(run, row)),
  );
  await deps.incidents.report(
    tx,
    rows.flatMap((row) => incidentOf(run, row)),
  );
  const last = rows.length < PAGE ? undefined : rows.at(-1)?.number;
  if (last === undefined) await reportWhole(deps, tx, run);
  return last;
}

/** What is said of the statement as a whole. */
async function reportWhole(deps: ReportDependencies, tx: Tx<'orders'>, run: RunningRun): Promise<void> {
  const { channel, statement_date: date } = run;
  const about = { channel: channel.name, statement_date: date, run: `rcn_${run.id}` };
  const beyond = await resultsStore.countBeyond(tx, run.id, REPORTED, MOST_OF_A_CLASS);
  const held = await resultsStore.countHeld(tx, run.id);
  const incidents: NewIncident[] = beyond.map((one) => ({
    kind: 'reconciliation_too_many_differences',
    subject: `${run.id}/${one.class}`,
    facts: { ...about, class: one.class, lines: String(one.count), reported: String(MOST_OF_A_CLASS) },
  }));
  const heldIncident: NewIncident = {
    kind: 'reconciliation_recovery_held',
    subject: channel.id,
    facts: { ...about, lines: String(held), recovered_at_most: String(run.rules.recover_at_most) },
  };
  await deps.incidents.report(tx, held === 0 ? incidents : [...incidents, heldIncident]);
  if (run.kind === 'statement') {
    const resolution = `the statement of ${date} was read in run rcn_${run.id}`;
    await deps.resolveIncidents(tx, [
      { kind: 'reconciliation_statement_quarantined', subject: quarantineSubject(channel, date), resolution },
    ]);
  }
}

function subjectOf({ channel }: RunningRun, row: ResultRow): string {
  if (row.class === 'duplicate_line') return `${row.line_run ?? ''}/${row.line_number ?? ''}`;
  if (row.class === 'refund_unknown' || row.receipt_id === null) return `${channel.id}/${row.identity ?? ''}`;
  return row.receipt_id;
}

/** What takes a payment back may stand in several statements: its facts are the same in each, and it is told once. */
function incidentOf(run: RunningRun, row: ResultRow): readonly NewIncident[] {
  const kind = KIND_OF[row.class];
  if (kind === undefined) return [];
  const tellsWhere = row.class !== 'status_difference' && row.class !== 'refund_unknown';
  return [
    {
      kind,
      subject: subjectOf(run, row),
      orderId: row.order_id as OrderId | null,
      receiptId: row.receipt_id as ReceiptId | null,
      facts: {
        channel: run.channel.name,
        ...(tellsWhere ? { statement: whereOf(row) } : {}),
        provider_reference: row.provider_reference,
        payment_reference: row.payment_reference,
        bank_says: row.line_number === null ? 'nothing' : saidOf(row),
        bank_time: row.occurred_at?.toISOString() ?? null,
        we_have: row.our_amount === null ? 'nothing' : shownAmount(row.our_amount, row.our_currency ?? row.currency),
        our_status: row.our_status,
        our_outcome: row.our_outcome,
        our_time: row.received_at?.toISOString() ?? null,
        ...(row.fee === null ? {} : { bank_fee: trimmed(row.fee) }),
        ...(row.expected_fee === null ? {} : { expected_fee: trimmed(row.expected_fee) }),
        ...(row.note === null ? {} : { note: row.note }),
      },
    },
  ];
}

function explained(run: RunningRun, row: ResultRow): readonly Resolution[] {
  if (!row.explains) return [];
  const resolution = `explained by ${whereOf(row) ?? 'a later statement'}: the bank says ${saidOf(row)}`;
  const kinds = OF_A_RECEIPT.filter((kind) => kind !== KIND_OF[row.class]);
  return [
    ...(row.receipt_id === null ? [] : kinds.map((kind) => ({ kind, subject: row.receipt_id ?? '', resolution }))),
    ...(row.identity === null
      ? []
      : [
          { kind: 'reconciliation_missing_with_us' as const, subject: `${run.channel.id}/${row.identity}`, resolution },
        ]),
  ];
}

function whereOf(row: ResultRow): string | null {
  return row.line_number === null ? null : `the statement of ${row.statement_date ?? ''}, line ${row.line_number}`;
}

function saidOf(row: ResultRow): string {
  return `${row.line_status ?? ''} ${shownAmount(row.amount, row.currency)}`.trim();
}

function shownAmount(amount: string, currency: string): string {
  return `${Money.fromDatabase(amount, currency).toString()} ${currency}`;
}

/** "0.040000" as "0.04". */
export function trimmed(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
