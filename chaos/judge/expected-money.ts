import { add } from '../../demo/minor-units';
import { feeOf, pointsOf } from '../../demo/terms';
import type { SentPayment } from '../bank';
import type { PlacedOrder } from '../teller';
import { FROZEN_CUSTOMER, MERCHANTS } from '../world';
import { type Case, type JudgedOrder, fits } from './case';

/** Sums in minor units, by names that end with their currency; points are whole. */
export interface Money {
  /** By "merchant currency". */
  readonly merchants: Map<string, bigint>;
  /** By "merchant payee currency". */
  readonly payees: Map<string, bigint>;
  /** By currency. */
  readonly fees: Map<string, bigint>;
  readonly suspense: Map<string, bigint>;
  readonly pointsValue: Map<string, bigint>;
  /** By "merchant customer". */
  readonly points: Map<string, bigint>;
  /** What each channel owes, by "channel currency". */
  readonly receivable: Map<string, bigint>;
}

export function noMoney(): Money {
  return {
    merchants: new Map(),
    payees: new Map(),
    fees: new Map(),
    suspense: new Map(),
    pointsValue: new Map(),
    points: new Map(),
    receivable: new Map(),
  };
}

/**
 * What everybody must have, computed by arithmetic of its own from what the bank has sent and from nothing that the service
 * says, but which of its ends an order came to where several are right: paid, closed or expired.
 */
export function expectedMoney(payments: Case['payments'], orders: readonly JudgedOrder[]): Money {
  const money = noMoney();
  const spent = new Set<SentPayment>();
  for (const { order, status, payments: paid } of orders) {
    const paying = status === 'paid' ? paid.find((payment) => fits(order, payment)) : undefined;
    if (paying === undefined) continue;
    spent.add(paying);
    addPayment(money, order);
  }
  for (const payment of payments.values()) {
    add(money.receivable, `${payment.channel} ${payment.currency}`, payment.minor);
    if (!spent.has(payment)) add(money.suspense, payment.currency, payment.minor);
  }
  return money;
}

function addPayment(money: Money, { story, early }: PlacedOrder): void {
  const { merchant, minor, customer, splits } = story;
  const { currency, key } = merchant;
  if (merchant.frozen && !early) {
    add(money.suspense, currency, minor);
    return;
  }
  const fee = feeOf(merchant.fee, minor, currency);
  add(money.fees, currency, fee);
  for (const { payee, minor: share } of splits) add(money.payees, `${key} ${payee} ${currency}`, share);
  const shared = splits.reduce((sum, split) => sum + split.minor, 0n);
  add(money.merchants, `${key} ${currency}`, minor - fee - shared);
  const refused = merchant === MERCHANTS[0] && customer === FROZEN_CUSTOMER && !early;
  if (customer === undefined || refused) return;
  const { points, value } = pointsOf(merchant.points, minor, currency);
  add(money.points, `${key} ${customer}`, points);
  add(money.pointsValue, currency, value);
}
