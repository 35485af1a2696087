import { Router } from 'express';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { parse } from '../http/parse';
import type { ApiKeys } from './manage-api-keys';
import type { Merchants } from './manage-merchants';
import { apiKeyPath, createApiKeyBody, createMerchantBody, listQuery, merchantPath } from './merchant-schemas';
import { showApiKey, showMerchant } from './show-merchant';

/** Mounted at /admin/merchants. */
export function createMerchantRoutes(deps: { readonly merchants: Merchants; readonly apiKeys: ApiKeys }): Router {
  const router = Router();
  merchantRoutes(router, deps.merchants);
  apiKeyRoutes(router, deps.apiKeys);
  return router;
}

function merchantRoutes(router: Router, merchants: Merchants): void {
  router.post('/', async (req, res) => {
    const { name } = parse(createMerchantBody, req.body, 'body');
    res.status(201).json(showMerchant(await merchants.create(name)));
  });
  router.get('/', async (req, res) => {
    const page = readPage(parse(listQuery, req.query, 'query'));
    const rows = await merchants.list(page.after, rowsToRead(page));
    res.json(listed(rows, page, showMerchant, (row) => row.id));
  });
  router.get('/:merchant_id', async (req, res) => {
    const { merchant_id: id } = parse(merchantPath, req.params, 'path');
    res.json(showMerchant(await merchants.get(id)));
  });
  router.post('/:merchant_id/suspend', async (req, res) => {
    const { merchant_id: id } = parse(merchantPath, req.params, 'path');
    res.json(showMerchant(await merchants.setStatus(id, 'suspended')));
  });
  router.post('/:merchant_id/activate', async (req, res) => {
    const { merchant_id: id } = parse(merchantPath, req.params, 'path');
    res.json(showMerchant(await merchants.setStatus(id, 'active')));
  });
}

function apiKeyRoutes(router: Router, apiKeys: ApiKeys): void {
  router.post('/:merchant_id/api-keys', async (req, res) => {
    const { merchant_id: merchantId } = parse(merchantPath, req.params, 'path');
    const { name } = parse(createApiKeyBody, req.body, 'body');
    const { row, key } = await apiKeys.create(merchantId, name);
    res.status(201).json({ ...showApiKey(row), key });
  });
  router.get('/:merchant_id/api-keys', async (req, res) => {
    const { merchant_id: merchantId } = parse(merchantPath, req.params, 'path');
    const page = readPage(parse(listQuery, req.query, 'query'));
    const rows = await apiKeys.list(merchantId, page.after, rowsToRead(page));
    res.json(listed(rows, page, showApiKey, (row) => row.id));
  });
  router.delete('/:merchant_id/api-keys/:key_id', async (req, res) => {
    const { merchant_id: merchantId, key_id: keyId } = parse(apiKeyPath, req.params, 'path');
    await apiKeys.revoke(merchantId, keyId);
    res.status(204).end();
  });
}
