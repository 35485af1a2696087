import { Problem } from '../core/errors';
import type { AccountId, MerchantId } from '../core/ids';
import { Money } from '../core/money';

/** What a merchant asks to be paid, read and checked as far as that goes without a database. */
export interface NewOrder {
  readonly merchantId: MerchantId;
  readonly merchantOrderNo: string;
  readonly amount: Money;
  readonly splits: readonly NewSplit[];
  /** The names of the channels that it may be paid through; null for any that serves the merchant. */
  readonly channels: readonly string[] | null;
  readonly customer: string | null;
  /** RFC 3339 in UTC. */
  readonly expiresAt: string | null;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
}

export interface NewSplit {
  readonly accountId: AccountId;
  readonly amount: Money;
}

/** The body of the request that creates an order. */
export interface OrderBody {
  readonly merchant_order_no: string;
  readonly amount: string;
  readonly currency: string;
  readonly channels?: readonly string[] | null | undefined;
  readonly customer?: string | null | undefined;
  readonly expires_at?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly splits?: readonly { readonly account: AccountId; readonly amount: string }[] | undefined;
}

/** @throws Problem `unknown_currency`, `invalid_amount`, `invalid_request` */
export function newOrder(merchantId: MerchantId, body: OrderBody, idempotencyKey: string | undefined): NewOrder {
  return {
    merchantId,
    merchantOrderNo: body.merchant_order_no,
    amount: positive(body.amount, body.currency, 'amount'),
    splits: readSplits(body),
    channels: body.channels ?? null,
    customer: body.customer ?? null,
    expiresAt: body.expires_at ?? null,
    description: body.description ?? null,
    metadata: body.metadata ?? {},
    idempotencyKey: idempotencyKey ?? null,
  };
}

function readSplits(body: OrderBody): readonly NewSplit[] {
  const splits = (body.splits ?? []).map((split, index) => ({
    accountId: split.account,
    amount: positive(split.amount, body.currency, `splits[${index}].amount`),
  }));
  if (new Set(splits.map((split) => split.accountId)).size < splits.length) {
    throw new Problem('invalid_request', 'two splits go to the same account', {
      fields: [{ path: 'splits', message: 'name each account once' }],
    });
  }
  return splits;
}

function positive(text: string, currency: string, path: string): Money {
  const amount = Money.parse(text, currency);
  if (amount.isPositive()) return amount;
  throw new Problem('invalid_amount', `${path} is above zero`, { fields: [{ path, message: 'is above zero' }] });
}
