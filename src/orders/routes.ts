import { Router } from 'express';
import { Problem, assertNever } from '../core/errors';
import { showId } from '../core/ids';
import { merchantOf } from '../http/caller';
import { idempotencyKeyOf } from '../http/idempotency';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { parse } from '../http/parse';
import { traceOf } from '../http/request-trace';
import type { CloseOrder, Closed } from './close-order';
import type { CreateOrder, Created } from './create-order';
import type { FindOrders } from './find-orders';
import { newOrder } from './new-order';
import { createOrderBody, listOrdersQuery, orderNumberPath, orderPath } from './order-schemas';
import type { OrderRow } from './orders-store';
import { showOrder } from './show-order';

export interface OrderRoutesDependencies {
  readonly createOrder: CreateOrder;
  readonly closeOrder: CloseOrder;
  readonly findOrders: FindOrders;
}

/** Mounted at /v1/orders. */
export function createOrderRoutes(deps: OrderRoutesDependencies): Router {
  const { createOrder, closeOrder, findOrders } = deps;
  const router = Router();
  router.post('/', async (req, res) => {
    const body = parse(createOrderBody, req.body, 'body');
    const created = await createOrder(newOrder(merchantOf(req), body, idempotencyKeyOf(req)));
    res.status(201).json(showOrder(orderCreated(created)));
  });
  router.get('/', async (req, res) => {
    const { status, ...paging } = parse(listOrdersQuery, req.query, 'query');
    const page = readPage(paging);
    const filter = { merchantId: merchantOf(req), status, after: page.after, limit: rowsToRead(page) };
    res.json(listed(await findOrders.list(filter), page, showOrder, (order) => order.id));
  });
  router.get('/by-number/:merchant_order_no', async (req, res) => {
    const { merchant_order_no: number } = parse(orderNumberPath, req.params, 'path');
    res.json(showOrder(orderFound(await findOrders.byNumber(merchantOf(req), number))));
  });
  router.get('/:order_id', async (req, res) => {
    const { order_id: id } = parse(orderPath, req.params, 'path');
    res.json(showOrder(orderFound(await findOrders.byId(merchantOf(req), id))));
  });
  router.post('/:order_id/close', async (req, res) => {
    const { order_id: orderId } = parse(orderPath, req.params, 'path');
    const closing = { orderId, merchantId: merchantOf(req), traceparent: traceOf(req) };
    res.json(showOrder(orderClosed(await closeOrder(closing))));
  });
  return router;
}

function orderFound(order: OrderRow | undefined): OrderRow {
  if (order === undefined) throw new Problem('not_found', 'there is no such order');
  return order;
}

function orderCreated(created: Created): OrderRow {
  switch (created.kind) {
    case 'created':
      return created.order;
    case 'duplicate_order':
      throw new Problem('duplicate_order', 'read it at /v1/orders/by-number/<merchant_order_no>');
    case 'fee_exceeds_amount':
      throw new Problem('fee_exceeds_amount', `the fee is ${created.fee}, the splits are ${created.splitsTotal}`);
    case 'unknown_channel':
      throw new Problem('unknown_channel', `no active channel "${created.channel}" serves this merchant`);
    case 'unknown_account':
      throw new Problem(
        'unknown_account',
        `${showId('account', created.accountId)} is not an open payee account of this merchant in the order's currency`,
      );
    case 'expiry_refused':
      throw new Problem('invalid_request', 'expires_at lies in the past or more than a year ahead', {
        fields: [{ path: 'expires_at', message: 'is a time within a year from now' }],
      });
    default:
      return assertNever(created);
  }
}

function orderClosed(closed: Closed): OrderRow {
  switch (closed.kind) {
    case 'closed':
      return closed.order;
    case 'order_not_open':
      throw new Problem('order_not_open', `the order is ${closed.status}`);
    case 'order_being_paid':
      throw new Problem('order_being_paid', 'a payment of the order has arrived and is being settled');
    case 'not_found':
      return orderFound(undefined);
    default:
      return assertNever(closed);
  }
}
