import { columnsOf } from '../consistency/columns';
import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { Id, MerchantId } from '../core/ids';
import type { Rounding } from '../core/money';

export interface FeePlanRow {
  readonly id: Id<'feePlan'>;
  readonly merchant_id: MerchantId;
  readonly currency: string;
  readonly rate: string;
  readonly fixed: string;
  readonly minimum: string | null;
  readonly maximum: string | null;
  readonly rounding: Rounding;
  readonly created_at: Date;
}

export interface PointsRuleRow {
  readonly id: Id<'pointsRule'>;
  readonly merchant_id: MerchantId;
  readonly currency: string;
  readonly points_per_unit: string;
  readonly point_value: string;
  readonly created_at: Date;
}

/** The terms in force for one merchant and currency; all of a part are null where there is none. */
export interface TermsRow {
  readonly merchant_id: MerchantId;
  readonly currency: string;
  readonly rate: string | null;
  readonly fixed: string | null;
  readonly minimum: string | null;
  readonly maximum: string | null;
  readonly rounding: Rounding | null;
  readonly points_per_unit: string | null;
  readonly point_value: string | null;
}

const FEE_COLUMNS = 'id, merchant_id, currency, rate, fixed, minimum, maximum, rounding, created_at';
const POINTS_COLUMNS = 'id, merchant_id, currency, points_per_unit, point_value, created_at';

const LOCK_MERCHANT = statement(
  'orders.merchants.lock_terms',
  'select id from orders.merchants where id = $1 for no key update',
);
const END_FEE_PLAN = statement(
  'orders.fee_plans.end',
  `update orders.fee_plans set replaced_at = clock_timestamp()
    where merchant_id = $1 and currency = $2 and replaced_at is null`,
);
const INSERT_FEE_PLAN = statement(
  'orders.fee_plans.insert',
  `insert into orders.fee_plans (id, merchant_id, currency, rate, fixed, minimum, maximum, rounding)
   values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${FEE_COLUMNS}`,
);
const LIST_FEE_PLANS = statement(
  'orders.fee_plans.list',
  `select ${FEE_COLUMNS} from orders.fee_plans
    where merchant_id = $1 and replaced_at is null and ($2::text is null or currency > $2)
    order by currency limit $3`,
);
const END_POINTS_RULE = statement(
  'orders.points_rules.end',
  `update orders.points_rules set replaced_at = clock_timestamp()
    where merchant_id = $1 and currency = $2 and replaced_at is null`,
);
const INSERT_POINTS_RULE = statement(
  'orders.points_rules.insert',
  `insert into orders.points_rules (id, merchant_id, currency, points_per_unit, point_value)
   values ($1, $2, $3, $4, $5) returning ${POINTS_COLUMNS}`,
);
const LIST_POINTS_RULES = statement(
  'orders.points_rules.list',
  `select ${POINTS_COLUMNS} from orders.points_rules
    where merchant_id = $1 and replaced_at is null and ($2::text is null or currency > $2)
    order by currency limit $3`,
);
interface WantedTerms {
  readonly merchantId: MerchantId;
  readonly currency: string;
}

const wantedColumns = columnsOf<WantedTerms>(
  (one) => one.merchantId,
  (one) => one.currency,
);
const FIND_TERMS = statement(
  'orders.terms.find',
  `select p.merchant_id, p.currency, f.rate, f.fixed, f.minimum, f.maximum, f.rounding, r.points_per_unit, r.point_value
     from unnest($1::uuid[], $2::text[]) as p(merchant_id, currency)
     left join orders.fee_plans f
       on f.merchant_id = p.merchant_id and f.currency = p.currency and f.replaced_at is null
     left join orders.points_rules r
       on r.merchant_id = p.merchant_id and r.currency = p.currency and r.replaced_at is null`,
);

/**
 * Makes changes to a merchant's terms wait for each other, so that two of them do not both find nothing to replace.
 * Orders of the merchant go on: the lock is weaker than what their foreign keys take.
 * @returns false where there is no such merchant
 */
export async function lockTerms(tx: Tx<'orders'>, merchantId: MerchantId): Promise<boolean> {
  return (await tx.query(LOCK_MERCHANT, [merchantId])).length > 0;
}

export async function replaceFeePlan(tx: Tx<'orders'>, plan: Omit<FeePlanRow, 'created_at'>): Promise<FeePlanRow> {
  await tx.query(END_FEE_PLAN, [plan.merchant_id, plan.currency]);
  const { id, merchant_id, currency, rate, fixed, minimum, maximum, rounding } = plan;
  const values = [id, merchant_id, currency, rate, fixed, minimum, maximum, rounding];
  return inserted(await tx.query<FeePlanRow>(INSERT_FEE_PLAN, values));
}

export async function replacePointsRule(
  tx: Tx<'orders'>,
  rule: Omit<PointsRuleRow, 'created_at'>,
): Promise<PointsRuleRow> {
  await tx.query(END_POINTS_RULE, [rule.merchant_id, rule.currency]);
  const values = [rule.id, rule.merchant_id, rule.currency, rule.points_per_unit, rule.point_value];
  return inserted(await tx.query<PointsRuleRow>(INSERT_POINTS_RULE, values));
}

/** The plans in force, by currency, from the one after `after`. */
export function listFeePlans(
  db: Queryable<'orders'>,
  merchantId: MerchantId,
  after: string | undefined,
  limit: number,
): Promise<FeePlanRow[]> {
  return db.query<FeePlanRow>(LIST_FEE_PLANS, [merchantId, after ?? null, limit]);
}

/** The rules in force, by currency, from the one after `after`. */
export function listPointsRules(
  db: Queryable<'orders'>,
  merchantId: MerchantId,
  after: string | undefined,
  limit: number,
): Promise<PointsRuleRow[]> {
  return db.query<PointsRuleRow>(LIST_POINTS_RULES, [merchantId, after ?? null, limit]);
}

/** The terms in force of a list of merchants and currencies. */
export function findTerms(db: Queryable<'orders'>, wanted: readonly WantedTerms[]): Promise<TermsRow[]> {
  return db.query<TermsRow>(FIND_TERMS, wantedColumns(wanted));
}

function inserted<R>(rows: readonly R[]): R {
  const [row] = rows;
  if (row === undefined) throw new Error('the terms were inserted and not returned');
  return row;
}
