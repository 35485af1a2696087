import { type Database, inTransaction } from '../consistency/transaction';
import { isCurrency } from '../core/currencies';
import { Problem } from '../core/errors';
import type { Ids, MerchantId } from '../core/ids';
import { Exact, Money } from '../core/money';
import { type FeePlan, feeOf } from './fee-plan';
import { type PointsRule, pointsOf } from './points-rule';
import {
  type FeePlanRow,
  type PointsRuleRow,
  type TermsRow,
  findTerms,
  listFeePlans,
  listPointsRules,
  lockTerms,
  replaceFeePlan,
  replacePointsRule,
} from './terms-store';

export interface MerchantAndCurrency {
  readonly merchantId: MerchantId;
  readonly currency: string;
}

/** What a payment of an amount costs the merchant and earns the customer, by the terms in force. */
export interface Quote {
  readonly fee: Money;
  /** Whole points, as a decimal string. */
  readonly points: string;
  readonly pointsValue: Money;
}

export interface Terms {
  /** Replaces the plan in force; orders that exist keep the fee they were made with. @throws Problem `not_found`, and of `Money.parse` */
  setFeePlan(of: MerchantAndCurrency, plan: FeePlan): Promise<FeePlanRow>;
  /** Replaces the rule in force. @throws Problem `not_found`, `unknown_currency` */
  setPointsRule(of: MerchantAndCurrency, rule: PointsRule): Promise<PointsRuleRow>;
  listFeePlans(merchantId: MerchantId, after: string | undefined, limit: number): Promise<readonly FeePlanRow[]>;
  listPointsRules(merchantId: MerchantId, after: string | undefined, limit: number): Promise<readonly PointsRuleRow[]>;
  /** Quotes a list, in the same order. @throws Problem `invalid_amount` where the points of one cannot be counted */
  quote(wanted: readonly { readonly merchantId: MerchantId; readonly amount: Money }[]): Promise<readonly Quote[]>;
}

export function createTerms(deps: { readonly db: Database<'orders'>; readonly ids: Ids }): Terms {
  const { db, ids } = deps;
  const replacing = <R>(
    merchantId: MerchantId,
    replace: Parameters<typeof inTransaction<'orders', R>>[2],
  ): Promise<R> =>
    inTransaction(db, 'terms.change', async (tx) => {
      if (!(await lockTerms(tx, merchantId))) throw new Problem('not_found', 'there is no such merchant');
      return replace(tx);
    });
  return {
    setFeePlan: ({ merchantId, currency }, plan) => {
      checkFeePlan(plan, currency);
      const row = { id: ids.next<'feePlan'>(), merchant_id: merchantId, currency, ...plan };
      return replacing(merchantId, (tx) => replaceFeePlan(tx, row));
    },
    setPointsRule: ({ merchantId, currency }, rule) => {
      if (!isCurrency(currency)) throw new Problem('unknown_currency', `"${currency}" is not a currency`);
      const row = {
        id: ids.next<'pointsRule'>(),
        merchant_id: merchantId,
        currency,
        points_per_unit: rule.pointsPerUnit,
        point_value: rule.pointValue,
      };
      return replacing(merchantId, (tx) => replacePointsRule(tx, row));
    },
    listFeePlans: (merchantId, after, limit) => listFeePlans(db, merchantId, after, limit),
    listPointsRules: (merchantId, after, limit) => listPointsRules(db, merchantId, after, limit),
    quote: async (wanted) => {
      const keys = wanted.map(({ merchantId, amount }) => ({ merchantId, currency: amount.currency }));
      const rows = new Map((await findTerms(db, keys)).map((row) => [`${row.merchant_id}/${row.currency}`, row]));
      return wanted.map(({ merchantId, amount }) => quoteBy(rows.get(`${merchantId}/${amount.currency}`), amount));
    },
  };
}

/** Every amount of a plan fits its currency, and there is a fee between its bounds. */
function checkFeePlan(plan: FeePlan, currency: string): void {
  const given = [plan.fixed, plan.minimum ?? '0', plan.maximum ?? '0'].map((text) => Money.parse(text, currency));
  if (given.some((amount) => amount.amount.isNegative())) {
    throw new Problem('invalid_amount', 'no amount of a fee plan is below zero');
  }
  if (plan.minimum !== null && plan.maximum !== null && new Exact(plan.minimum).gt(plan.maximum)) {
    throw new Problem('invalid_request', 'the minimum is above the maximum', {
      fields: [{ path: 'minimum', message: 'is above the maximum' }],
    });
  }
}

function quoteBy(row: TermsRow | undefined, amount: Money): Quote {
  const { points, value } = pointsOf(row && pointsRuleOf(row), amount);
  return { fee: feeOf(row && feePlanOf(row), amount), points, pointsValue: value };
}

function feePlanOf({ rate, fixed, minimum, maximum, rounding }: TermsRow): FeePlan | undefined {
  if (rate === null || fixed === null || rounding === null) return undefined;
  return { rate, fixed, minimum, maximum, rounding };
}

function pointsRuleOf({ points_per_unit: pointsPerUnit, point_value: pointValue }: TermsRow): PointsRule | undefined {
  return pointsPerUnit === null || pointValue === null ? undefined : { pointsPerUnit, pointValue };
}
