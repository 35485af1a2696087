import type { ChannelEvent, PaymentSucceeded, Verdict } from '../channels/channel';
import { Money } from '../core/money';
import type { ChannelId, EventId, ReceiptId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { IncidentKind, Incidents, NewIncident } from '../incidents/incident';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { type BeginDependencies, type Begun, type MetReceipt, beginSettlements } from './begin-settlements';
import { type ArrivedCallback, type NewInboxEvent, inboxStore } from './inbox-store';
import { type OrderKey, meetOrders } from './meet-orders';
import { type NewReceipt, type Receipt, type ReceiptIdentity, receiptsStore } from './receipts-store';

/** A verified event on its way in. */
export interface IncomingEvent {
  readonly channelId: ChannelId;
  readonly provider: string;
  readonly receivingAccount: string;
  readonly event: ChannelEvent;
  /** What brought it; events of one callback share it. */
  readonly callback: ArrivedCallback;
  /** Of the callback that brought it: a repetition has its own, while the receipt keeps that of the first. */
  readonly traceparent: Traceparent;
}

/** `stored` is everything that is not money: the bank may be told at once. */
export type Recorded = Begun | { readonly kind: 'stored' };

export interface RecordDependencies extends BeginDependencies {
  readonly db: Database<'orders'>;
  readonly incidents: Incidents;
}

/** Commit A: inbox, receipts, orders judged and claimed, transactions opened. One commit for the list. */
export async function recordEvents(
  deps: RecordDependencies,
  incoming: readonly IncomingEvent[],
): Promise<readonly Recorded[]> {
  return inTransaction(deps.db, 'callbacks.record', async (tx) => {
    // The orders are asked for in the same breath, because an event nearly always names the order of its receipt.
    const [receipts, met] = await Promise.all([
      insertOrMeetReceipts(deps, tx, incoming),
      meetOrders(tx, incoming.filter(isPayment).map(orderKeyOf)),
    ]);
    const rows: NewInboxEvent[] = [];
    const paid = new Map<ReceiptId, MetReceipt>();
    for (const one of incoming) {
      const receipt = receipts.get(identityKey(one));
      rows.push(inboxRow(deps, one, receipt));
      if (receipt !== undefined && isPayment(one)) paid.set(receipt.id, receipt);
    }
    const inserting = inboxStore.insert(tx, rows);
    const begun = await beginSettlements(deps, tx, [...paid.values()], met);
    // Which events are new matters only where they are no payments; otherwise COMMIT goes out behind the insert.
    inserting.catch(() => undefined);
    const fresh = incoming.every(isPayment) ? NONE : await inserting;
    const reports: NewIncident[] = [];
    for (const [index, one] of incoming.entries()) {
      const row = rows[index];
      reports.push(...incidentsOf(one, receipts.get(identityKey(one)), row !== undefined && fresh.has(row.id)));
    }
    if (reports.length > 0) await deps.incidents.report(tx, reports);
    return answers(incoming, receipts, begun);
  });
}

const NONE: ReadonlySet<EventId> = new Set();

/** The first event of a receipt settles it; the others of the same list find it in flight. */
function answers(
  incoming: readonly IncomingEvent[],
  receipts: ReadonlyMap<string, MetReceipt>,
  begun: ReadonlyMap<ReceiptId, Begun>,
): readonly Recorded[] {
  const handedOut = new Set<ReceiptId>();
  const given: Recorded[] = [];
  for (const one of incoming) {
    if (!isPayment(one)) {
      given.push({ kind: 'stored' });
      continue;
    }
    const receipt = receipts.get(identityKey(one));
    const answer = receipt && begun.get(receipt.id);
    if (answer === undefined) throw new Error(`the receipt of event ${one.event.key} was inserted and is not there`);
    const isOthers = answer.kind === 'opened' && handedOut.has(answer.receiptId);
    given.push(isOthers ? { kind: 'in_flight', receiptId: answer.receiptId } : answer);
    handedOut.add(answer.receiptId);
  }
  return given;
}

/** Insert-or-meet is two statements, in this order, so that the second sees what a concurrent list has committed. */
async function insertOrMeetReceipts(
  deps: RecordDependencies,
  tx: Tx<'orders'>,
  incoming: readonly IncomingEvent[],
): Promise<ReadonlyMap<string, MetReceipt>> {
  const identities: ReceiptIdentity[] = [];
  const news: NewReceipt[] = [];
  for (const one of incoming) {
    const identity = identityOf(one);
    if (identity !== undefined) identities.push(identity);
    if (isPayment(one)) news.push(newReceipt(deps, one));
  }
  if (identities.length === 0) return new Map();
  const [born, met] = await Promise.all([
    news.length === 0 ? [] : receiptsStore.insert(tx, news),
    receiptsStore.lockByIdentity(tx, identities),
  ]);
  const receipts = new Map<string, MetReceipt>();
  for (const receipt of born) receipts.set(receiptKey(receipt), receipt);
  for (const receipt of met) receipts.set(receiptKey(receipt), { isBorn: false, ...receipt });
  return receipts;
}

type IncomingPayment = IncomingEvent & { readonly event: { readonly verdict: PaymentSucceeded } };

function isPayment(one: IncomingEvent): one is IncomingPayment {
  return one.event.verdict.kind === 'payment_succeeded';
}

function referencesOf(verdict: Verdict): { provider: string | null; payment: string | null } {
  if (verdict.kind === 'no_effect' || verdict.kind === 'not_understood') return { provider: null, payment: null };
  return { provider: verdict.providerReference ?? null, payment: verdict.paymentReference ?? null };
}

function identityOf(one: IncomingEvent): ReceiptIdentity | undefined {
  const { provider } = referencesOf(one.event.verdict);
  if (provider === null) return undefined;
  return { provider: one.provider, receivingAccount: one.receivingAccount, providerReference: provider };
}

function identityKey(one: IncomingEvent): string {
  return [one.provider, one.receivingAccount, referencesOf(one.event.verdict).provider ?? ''].join('\n');
}

function receiptKey(receipt: Receipt): string {
  return [receipt.provider, receipt.receiving_account, receipt.provider_reference].join('\n');
}

/** Ours are in lower case, and a bank that prints them in capitals means the same. */
function referenceOf(one: IncomingPayment): string | null {
  return one.event.verdict.paymentReference?.toLowerCase() ?? null;
}

function orderKeyOf(one: IncomingPayment): OrderKey {
  return { channelId: one.channelId, paymentReference: referenceOf(one) };
}

function newReceipt(deps: RecordDependencies, one: IncomingPayment): NewReceipt {
  const { verdict } = one.event;
  return {
    id: deps.ids.next(),
    provider: one.provider,
    receivingAccount: one.receivingAccount,
    providerReference: verdict.providerReference,
    channelId: one.channelId,
    amount: verdict.amount.toString(),
    currency: verdict.amount.currency,
    paymentReference: referenceOf(one),
    traceparent: one.traceparent,
  };
}

/**
 * A repetition says the same of the same thing. A bank that gives one key to several events has sent several: none of them,
 * and no body that proves a receipt, is taken for a repetition of another.
 */
function inboxKey({ event: { key, verdict } }: IncomingEvent): string {
  return [key, verdict.kind, referencesOf(verdict).provider ?? ''].join(' ');
}

function inboxRow(deps: RecordDependencies, one: IncomingEvent, receipt: MetReceipt | undefined): NewInboxEvent {
  const { verdict, type } = one.event;
  const references = referencesOf(verdict);
  return {
    id: deps.ids.next(),
    channelId: one.channelId,
    key: inboxKey(one),
    verdict: verdict.kind,
    providerReference: references.provider,
    paymentReference: references.payment,
    receiptId: receipt?.id ?? null,
    outcome: OUTCOMES[verdict.kind],
    facts: { type, ...(verdict.kind === 'not_understood' ? { why: verdict.why } : {}) },
    callback: one.callback,
    traceparent: one.traceparent,
  };
}

/** What becomes of an event: a payment's outcome is its receipt's, the others are final as they are stored. */
const OUTCOMES: Readonly<Record<Verdict['kind'], string>> = {
  payment_succeeded: 'receipt',
  payment_failed: 'recorded',
  no_effect: 'recorded',
  refund: 'for_a_person',
  dispute: 'for_a_person',
  chargeback: 'for_a_person',
  not_understood: 'for_a_person',
};

export function isForAPerson({ kind }: Pick<Verdict, 'kind'>): boolean {
  return OUTCOMES[kind] === 'for_a_person';
}

const INCIDENT_OF: Readonly<Partial<Record<Verdict['kind'], IncidentKind>>> = {
  refund: 'refund_received',
  dispute: 'dispute_received',
  chargeback: 'chargeback_received',
  not_understood: 'event_not_understood',
};

function incidentsOf(one: IncomingEvent, receipt: MetReceipt | undefined, fresh: boolean): readonly NewIncident[] {
  const { verdict, key, type } = one.event;
  const references = referencesOf(verdict);
  const facts = { type, provider_reference: references.provider, payment_reference: references.payment };
  const about = {
    orderId: receipt?.order_id ?? null,
    receiptId: receipt?.id ?? null,
    traceparent: one.traceparent,
  };
  const kind = INCIDENT_OF[verdict.kind];
  if (kind !== undefined && fresh) return [{ kind, subject: `${one.channelId}/${key}`, ...about, facts }];
  if (receipt === undefined) return [];
  const credited = receipt.status === 'decided' || receipt.status === 'settled';
  if (verdict.kind === 'payment_failed' && credited && fresh) {
    return [{ kind: 'failure_after_success', subject: receipt.id, ...about, facts }];
  }
  if (verdict.kind !== 'payment_succeeded') return [];
  const known = Money.fromDatabase(receipt.amount, receipt.currency);
  if (known.equals(verdict.amount)) return [];
  const amounts = {
    known: `${known.toString()} ${known.currency}`,
    said: `${verdict.amount.toString()} ${verdict.amount.currency}`,
  };
  return [
    { kind: 'receipt_changed', subject: `${receipt.id}/${amounts.said}`, ...about, facts: { ...facts, ...amounts } },
  ];
}
