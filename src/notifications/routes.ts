import { Router } from 'express';
import { merchantOf } from '../http/caller';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { parse } from '../http/parse';
import {
  createEndpointBody,
  endpointPath,
  listQuery,
  merchantPath,
  orderPath,
  rotateSecretBody,
} from './endpoint-schemas';
import type { Deliveries } from './list-deliveries';
import type { Endpoints } from './manage-endpoints';
import { showDelivery } from './show-delivery';
import { showEndpoint } from './show-endpoint';

/** Mounted at /admin/merchants/:merchant_id/endpoints. */
export function createEndpointRoutes({ endpoints }: { readonly endpoints: Endpoints }): Router {
  const router = Router({ mergeParams: true });
  router.post('/', async (req, res) => {
    const { merchant_id: merchantId } = parse(merchantPath, req.params, 'path');
    const body = parse(createEndpointBody, req.body, 'body');
    const { endpoint, secret } = await endpoints.create({ ...body, merchantId, successRule: body.success_rule });
    res.status(201).json({ ...showEndpoint(endpoint), secret });
  });
  router.get('/', async (req, res) => {
    const { merchant_id: merchantId } = parse(merchantPath, req.params, 'path');
    const page = readPage(parse(listQuery, req.query, 'query'));
    const rows = await endpoints.list(merchantId, page.after, rowsToRead(page));
    res.json(listed(rows, page, showEndpoint, (row) => row.id));
  });
  router.post('/:endpoint_id/disable', async (req, res) => {
    const { merchant_id: merchantId, endpoint_id: id } = parse(endpointPath, req.params, 'path');
    res.json(showEndpoint(await endpoints.disable(merchantId, id)));
  });
  router.post('/:endpoint_id/enable', async (req, res) => {
    const { merchant_id: merchantId, endpoint_id: id } = parse(endpointPath, req.params, 'path');
    res.json(showEndpoint(await endpoints.enable(merchantId, id)));
  });
  router.post('/:endpoint_id/rotate-secret', async (req, res) => {
    const { merchant_id: merchantId, endpoint_id: id } = parse(endpointPath, req.params, 'path');
    const body = parse(rotateSecretBody, req.body, 'body');
    const { endpoint, secret } = await endpoints.rotate(merchantId, id, body.secret, body.overlap_seconds);
    res.json({ ...showEndpoint(endpoint), secret });
  });
  return router;
}

/** Mounted at /v1/orders/:order_id/notifications. */
export function createNotificationRoutes({ deliveries }: { readonly deliveries: Deliveries }): Router {
  const router = Router({ mergeParams: true });
  router.get('/', async (req, res) => {
    const { order_id: orderId } = parse(orderPath, req.params, 'path');
    const page = readPage(parse(listQuery, req.query, 'query'));
    const rows = await deliveries.ofOrder(merchantOf(req), orderId, page.after, rowsToRead(page));
    res.json(listed(rows, page, showDelivery, (row) => row.id));
  });
  return router;
}
