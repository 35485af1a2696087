import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import type { Terms } from './manage-terms';
import { showFeePlan, showPointsRule } from './show-terms';
import * as operations from './terms-operations';

/** Mounted at /admin/merchants, beside the merchants' own routes. */
export function createTermsRoutes(deps: { readonly terms: Terms }): Routes {
  const { terms } = deps;
  const routes = createRoutes('Terms');
  routes.serve(operations.setFeePlan, async ({ params: { merchant_id: merchantId, currency }, body }) =>
    showFeePlan(await terms.setFeePlan({ merchantId, currency }, body)),
  );
  routes.serve(operations.listFeePlans, async ({ params, query }) => {
    const page = readPage(query, 'text');
    const rows = await terms.listFeePlans(params.merchant_id, page.after, rowsToRead(page));
    return listed(rows, page, showFeePlan, (row) => row.currency);
  });
  routes.serve(operations.setPointsRule, async ({ params: { merchant_id: merchantId, currency }, body }) => {
    const rule = { pointsPerUnit: body.points_per_unit, pointValue: body.point_value };
    return showPointsRule(await terms.setPointsRule({ merchantId, currency }, rule));
  });
  routes.serve(operations.listPointsRules, async ({ params, query }) => {
    const page = readPage(query, 'text');
    const rows = await terms.listPointsRules(params.merchant_id, page.after, rowsToRead(page));
    return listed(rows, page, showPointsRule, (row) => row.currency);
  });
  return routes;
}
