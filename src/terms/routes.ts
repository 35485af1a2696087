import { Router } from 'express';
import { showId } from '../core/ids';
import { Exact, displayAmount } from '../core/money';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { parse } from '../http/parse';
import type { Terms } from './manage-terms';
import { feePlanBody, listQuery, merchantTermsPath, pointsRuleBody, termsPath } from './terms-schemas';
import type { FeePlanRow, PointsRuleRow } from './terms-store';

/** Mounted at /admin/merchants, beside the merchants' own routes. */
export function createTermsRoutes(deps: { readonly terms: Terms }): Router {
  const { terms } = deps;
  const router = Router();
  router.put('/:merchant_id/fee-plans/:currency', async (req, res) => {
    const { merchant_id: merchantId, currency } = parse(termsPath, req.params, 'path');
    const plan = parse(feePlanBody, req.body, 'body');
    res.json(showFeePlan(await terms.setFeePlan({ merchantId, currency }, plan)));
  });
  router.get('/:merchant_id/fee-plans', async (req, res) => {
    const { merchant_id: merchantId } = parse(merchantTermsPath, req.params, 'path');
    const page = readPage(parse(listQuery, req.query, 'query'), 'text');
    const rows = await terms.listFeePlans(merchantId, page.after, rowsToRead(page));
    res.json(listed(rows, page, showFeePlan, (row) => row.currency));
  });
  router.put('/:merchant_id/points-rules/:currency', async (req, res) => {
    const { merchant_id: merchantId, currency } = parse(termsPath, req.params, 'path');
    const body = parse(pointsRuleBody, req.body, 'body');
    const rule = { pointsPerUnit: body.points_per_unit, pointValue: body.point_value };
    res.json(showPointsRule(await terms.setPointsRule({ merchantId, currency }, rule)));
  });
  router.get('/:merchant_id/points-rules', async (req, res) => {
    const { merchant_id: merchantId } = parse(merchantTermsPath, req.params, 'path');
    const page = readPage(parse(listQuery, req.query, 'query'), 'text');
    const rows = await terms.listPointsRules(merchantId, page.after, rowsToRead(page));
    res.json(listed(rows, page, showPointsRule, (row) => row.currency));
  });
  return router;
}

function showFeePlan(row: FeePlanRow): Readonly<Record<string, string | null>> {
  const show = (amount: string | null): string | null => (amount === null ? null : displayAmount(amount, row.currency));
  return {
    id: showId('feePlan', row.id),
    merchant: showId('merchant', row.merchant_id),
    currency: row.currency,
    rate: new Exact(row.rate).toFixed(),
    fixed: show(row.fixed),
    minimum: show(row.minimum),
    maximum: show(row.maximum),
    rounding: row.rounding,
    created_at: row.created_at.toISOString(),
  };
}

function showPointsRule(row: PointsRuleRow): Readonly<Record<string, string>> {
  return {
    id: showId('pointsRule', row.id),
    merchant: showId('merchant', row.merchant_id),
    currency: row.currency,
    points_per_unit: new Exact(row.points_per_unit).toFixed(),
    point_value: new Exact(row.point_value).toFixed(),
    created_at: row.created_at.toISOString(),
  };
}
