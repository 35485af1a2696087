import { type Json, contentHash } from '../core/canonical';
import { groupBy } from '../core/group-by';
import { Exact } from '../core/money';
import {
  CHANNEL_RECEIVABLES,
  CHART,
  CONTROL_ACCOUNTS,
  type LedgerCode,
  POINTS_EXPENSE,
  POINTS_LIABILITY,
} from './chart';
import type { VoucherMessage } from './voucher-message';

/** One line of a voucher: an amount on one side of an account. Amounts are decimal strings with four decimals. */
export interface Posting {
  readonly account: string;
  /** Empty where the account names nobody. */
  readonly party: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

/** The accounting evidence of one business event, before it has an id and a place in the chain. */
export interface VoucherContent {
  readonly kind: string;
  /** With the kind, its identity: one business event has one voucher. */
  readonly eventKey: string;
  readonly description: string;
  readonly orderId: string | null;
  readonly receiptId: string | null;
  readonly gid: string | null;
  readonly legsHash: string | null;
  /** RFC 3339 in UTC with six decimals, as PostgreSQL keeps it. */
  readonly occurredAt: string;
  readonly postings: readonly Posting[];
}

export type DrawnUp =
  | { readonly kind: 'voucher'; readonly voucher: VoucherContent }
  | { readonly kind: 'unbalanced'; readonly reason: string };

interface Movement {
  readonly account: LedgerCode;
  readonly party: string;
  readonly side: 'debit' | 'credit';
  readonly amount: string;
}

/** What an event means in debits and credits. Lines are merged per account and party; zero lines are left out. */
export function drawUp(message: VoucherMessage): DrawnUp {
  const postings = toPostings(receiptSettled(message), message.currency);
  const reason = imbalanceOf(postings);
  if (reason !== undefined) return { kind: 'unbalanced', reason };
  return {
    kind: 'voucher',
    voucher: {
      kind: message.kind,
      eventKey: message.receiptId,
      description: `${message.gross} ${message.currency} arrived through ${message.channel}`,
      orderId: message.orderId,
      receiptId: message.receiptId,
      gid: message.gid,
      legsHash: message.legsHash,
      occurredAt: toMicroseconds(message.occurredAt),
      postings,
    },
  };
}

/** A sentence on why postings may not stand as a voucher, undefined where they may. */
export function imbalanceOf(postings: readonly Posting[]): string | undefined {
  if (postings.length < 2) return `a voucher has two lines at least, this one has ${postings.length}`;
  for (const [currency, lines] of groupBy(postings, currencyOf)) {
    const debit = sum(lines.map(debitOf));
    const credit = sum(lines.map(creditOf));
    if (!debit.eq(credit)) return `debits of ${debit.toFixed()} and credits of ${credit.toFixed()} ${currency} differ`;
  }
  return undefined;
}

function currencyOf(posting: Posting): string {
  return posting.currency;
}

function debitOf(posting: Posting): string {
  return posting.debit;
}

function creditOf(posting: Posting): string {
  return posting.credit;
}

/** One hash for one content, whatever id and place it gets; amounts are compared as numbers, not as texts. */
export function hashOfContent(voucher: VoucherContent): string {
  const { description, eventKey, gid, kind, legsHash, occurredAt, orderId, receiptId } = voucher;
  const postings: Json = voucher.postings.map(postingContent);
  return contentHash({ description, eventKey, gid, kind, legsHash, occurredAt, orderId, postings, receiptId });
}

function postingContent({ account, party, currency, debit, credit }: Posting): Json {
  return { account, credit: fourDecimals(credit), currency, debit: fourDecimals(debit), party };
}

function receiptSettled(message: VoucherMessage): Movement[] {
  const { merchantId, pointsValue } = message;
  const points: Movement[] =
    pointsValue === null
      ? []
      : [
          { account: POINTS_EXPENSE, party: merchantId ?? '', side: 'debit', amount: pointsValue },
          { account: POINTS_LIABILITY, party: merchantId ?? '', side: 'credit', amount: pointsValue },
        ];
  return [
    { account: CHANNEL_RECEIVABLES, party: message.channel, side: 'debit', amount: message.gross },
    ...message.credits.map(creditTo),
    ...points,
  ];
}

function creditTo({ to, party, amount }: VoucherMessage['credits'][number]): Movement {
  return { account: CONTROL_ACCOUNTS[to], party, side: 'credit', amount };
}

function toPostings(movements: readonly Movement[], currency: string): Posting[] {
  const postings: Posting[] = [];
  for (const same of groupBy(movements.map(withParty), lineOf).values()) {
    const [first] = same;
    const amount = sum(same.map(amountOf));
    if (first === undefined || amount.isZero()) continue;
    const { account, party, side } = first;
    const text = amount.toFixed(4);
    postings.push({
      account,
      party,
      currency,
      debit: side === 'debit' ? text : '0.0000',
      credit: side === 'credit' ? text : '0.0000',
    });
  }
  return postings;
}

/** The party stands only where the chart names one. */
function withParty(movement: Movement): Movement {
  const { account, side, amount } = movement;
  return CHART[account].party === 'none' ? { account, party: '', side, amount } : movement;
}

function lineOf({ account, party, side }: Movement): string {
  return JSON.stringify([account, party, side]);
}

function amountOf(movement: Movement): string {
  return movement.amount;
}

function sum(amounts: readonly string[]): Exact {
  return amounts.reduce(add, new Exact(0));
}

function add(total: Exact, amount: string): Exact {
  return total.plus(amount);
}

function fourDecimals(amount: string): string {
  return FOUR_DECIMALS.test(amount) ? amount : new Exact(amount).toFixed(4);
}

const FOUR_DECIMALS = /^(0|[1-9]\d*)\.\d{4}$/;

/** "2026-11-21T01:02:03.5Z" as "2026-11-21T01:02:03.500000Z". */
function toMicroseconds(time: string): string {
  const [seconds = '', fraction = ''] = time.replace('Z', '').split('.');
  return `${seconds}.${fraction.padEnd(6, '0')}Z`;
}
