import type { BankBooks } from './bank-calls';
import { add } from './minor-units';
import { feeOf, pointsOf } from './terms';
import type { Story, Stray } from './stories';
import { merchantNamed, termsFor } from './world';

/** What must be true in the end, computed from what was sent and from nothing that the service has said. Minor units. */
export interface Expectations {
  /** By "merchant currency". */
  readonly merchants: ReadonlyMap<string, bigint>;
  /** By "merchant payee currency". */
  readonly payees: ReadonlyMap<string, bigint>;
  /** By currency. */
  readonly fees: ReadonlyMap<string, bigint>;
  readonly suspense: ReadonlyMap<string, bigint>;
  readonly pointsValue: ReadonlyMap<string, bigint>;
  /** By "merchant customer". */
  readonly points: ReadonlyMap<string, bigint>;
  /** What each channel owes, by "channel currency", from the bank's own books. */
  readonly receivable: ReadonlyMap<string, bigint>;
  /** How many incidents of each kind. */
  readonly incidents: ReadonlyMap<string, bigint>;
  /** How many orders in each state. */
  readonly states: ReadonlyMap<string, bigint>;
}

type Sums = { readonly [Name in keyof Expectations]: Map<string, bigint> };

/** @param differences the incidents that must come of the bank's statements, by kind */
export function expectationsOf(
  stories: readonly Story[],
  strays: readonly Stray[],
  bank: Pick<BankBooks, 'acknowledged' | 'waiting'>,
  differences: ReadonlyMap<string, bigint> = new Map(),
): Expectations {
  const sums: Sums = {
    merchants: new Map(),
    payees: new Map(),
    fees: new Map(),
    suspense: new Map(),
    pointsValue: new Map(),
    points: new Map(),
    receivable: new Map(),
    incidents: new Map(),
    states: new Map(),
  };
  for (const story of stories) {
    add(sums.states, story.status, 1n);
    for (const effect of story.effects) {
      if (effect.kind !== 'paid') add(sums.incidents, effect.incident, 1n);
      if (effect.kind === 'suspense') add(sums.suspense, effect.currency, effect.minor);
      if (effect.kind === 'paid') addPayment(sums, story, effect.refused);
    }
  }
  addStrays(sums, strays, bank);
  for (const [kind, times] of differences) add(sums.incidents, kind, times);
  for (const { channel, currency, minor } of bank.acknowledged) add(sums.receivable, `${channel} ${currency}`, minor);
  return sums;
}

function addPayment(sums: Sums, { order }: Story, refused: 'account' | 'payee' | 'points' | undefined): void {
  const { currency, minor } = order;
  if (refused === 'account') {
    add(sums.suspense, currency, minor);
    return;
  }
  const terms = termsFor(merchantNamed(order.merchant), currency);
  const fee = feeOf(terms.fee, minor, currency);
  add(sums.fees, currency, fee);
  let net = minor - fee;
  for (const split of order.splits) {
    net -= split.minor;
    if (refused === 'payee') add(sums.suspense, currency, split.minor);
    else add(sums.payees, `${order.merchant} ${split.payee} ${currency}`, split.minor);
  }
  add(sums.merchants, `${order.merchant} ${currency}`, net);
  if (order.customer === undefined || refused === 'points') return;
  const { points, value } = pointsOf(terms.points, minor, currency);
  add(sums.points, `${order.merchant} ${order.customer}`, points);
  add(sums.pointsValue, currency, value);
}

/** A stray that names an order waits until its minute is over; whether it is, only the bank's books say. */
function addStrays(sums: Sums, strays: readonly Stray[], bank: Pick<BankBooks, 'waiting'>): void {
  for (const { currency, minor } of strays) {
    add(sums.suspense, currency, minor);
    add(sums.incidents, 'unidentified_payment', 1n);
  }
  for (const { currency, minor, payments } of bank.waiting) {
    add(sums.suspense, currency, -minor);
    add(sums.incidents, 'unidentified_payment', -BigInt(payments));
  }
}
