import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import type { ApiKeys } from './manage-api-keys';
import type { Merchants } from './manage-merchants';
import * as operations from './merchant-operations';
import { showApiKey, showMerchant } from './show-merchant';

/** Mounted at /admin/merchants. */
export function createMerchantRoutes(deps: { readonly merchants: Merchants; readonly apiKeys: ApiKeys }): Routes {
  const routes = createRoutes('Merchants');
  merchantRoutes(routes, deps.merchants);
  apiKeyRoutes(routes, deps.apiKeys);
  return routes;
}

function merchantRoutes(routes: Routes, merchants: Merchants): void {
  routes.serve(operations.createMerchant, async ({ body }) => showMerchant(await merchants.create(body.name)));
  routes.serve(operations.listMerchants, async ({ query }) => {
    const page = readPage(query);
    return listed(await merchants.list(page.after, rowsToRead(page)), page, showMerchant, (row) => row.id);
  });
  routes.serve(operations.getMerchant, async ({ params }) => showMerchant(await merchants.get(params.merchant_id)));
  routes.serve(operations.suspendMerchant, async ({ params }) =>
    showMerchant(await merchants.setStatus(params.merchant_id, 'suspended')),
  );
  routes.serve(operations.activateMerchant, async ({ params }) =>
    showMerchant(await merchants.setStatus(params.merchant_id, 'active')),
  );
}

function apiKeyRoutes(routes: Routes, apiKeys: ApiKeys): void {
  routes.serve(operations.createApiKey, async ({ params, body }) => {
    const { row, key } = await apiKeys.create(params.merchant_id, body.name);
    return { ...showApiKey(row), key };
  });
  routes.serve(operations.listApiKeys, async ({ params, query }) => {
    const page = readPage(query);
    const rows = await apiKeys.list(params.merchant_id, page.after, rowsToRead(page));
    return listed(rows, page, showApiKey, (row) => row.id);
  });
  routes.serve(operations.revokeApiKey, ({ params }) => apiKeys.revoke(params.merchant_id, params.key_id));
}
