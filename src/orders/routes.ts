import type { Database } from '../consistency/transaction';
import { Problem, assertNever } from '../core/errors';
import { showId } from '../core/ids';
import { merchantOf } from '../http/caller';
import { idempotencyKeyOf } from '../http/idempotency';
import { type Routes, createRoutes } from '../http/operation';
import { listed, makeCursor, readPage, rowsToRead } from '../http/pagination';
import { traceOf } from '../http/request-trace';
import type { CloseOrder, Closed } from './close-order';
import type { CreateOrder, Created } from './create-order';
import * as eventOperations from './event-operations';
import { readEvents } from './events-store';
import type { FindOrders } from './find-orders';
import { newOrder } from './new-order';
import * as operations from './order-operations';
import { readOrderForOperator, searchOrders } from './order-search-store';
import type { OrderRow } from './orders-store';
import { showEvent } from './show-event';
import { showOrder, showOrderToOperator } from './show-order';

export interface OrderRoutesDependencies {
  readonly createOrder: CreateOrder;
  readonly closeOrder: CloseOrder;
  readonly findOrders: FindOrders;
}

/** Mounted at /v1/orders. */
export function createOrderRoutes({ createOrder, closeOrder, findOrders }: OrderRoutesDependencies): Routes {
  const routes = createRoutes('Orders');
  routes.serve(operations.createOrder, async ({ body, req }) =>
    showOrder(orderCreated(await createOrder(newOrder(merchantOf(req), body, idempotencyKeyOf(req))))),
  );
  routes.serve(operations.listOrders, async ({ query: { status, ...paging }, req }) => {
    const page = readPage(paging);
    const filter = { merchantId: merchantOf(req), status, after: page.after, limit: rowsToRead(page) };
    return listed(await findOrders.list(filter), page, showOrder, (order) => order.id);
  });
  routes.serve(operations.getOrderByNumber, async ({ params, req }) =>
    showOrder(orderFound(await findOrders.byNumber(merchantOf(req), params.merchant_order_no))),
  );
  routes.serve(operations.getOrder, async ({ params, req }) =>
    showOrder(orderFound(await findOrders.byId(merchantOf(req), params.order_id))),
  );
  routes.serve(operations.closeOrder, async ({ params, req }) =>
    showOrder(
      orderClosed(
        await closeOrder({ orderId: params.order_id, merchantId: merchantOf(req), traceparent: traceOf(req) }),
      ),
    ),
  );
  return routes;
}

/** Mounted at /admin/orders. */
export function createOperatorOrderRoutes({ db }: { readonly db: Database<'orders'> }): Routes {
  const routes = createRoutes('Orders');
  routes.serve(operations.searchOrders, async ({ query }) => {
    const page = readPage(query);
    const rows = await searchOrders(db, {
      merchant: query.merchant,
      status: query.status,
      paymentReference: query.payment_reference,
      merchantOrderNo: query.merchant_order_no,
      providerReference: query.provider_reference,
      after: page.after,
      limit: rowsToRead(page),
    });
    return listed(rows, page, showOrderToOperator, (row) => row.id);
  });
  routes.serve(operations.getOrderAsOperator, async ({ params }) =>
    showOrderToOperator(orderFound(await readOrderForOperator(db, params.order_id))),
  );
  return routes;
}

/** Before every event: no transaction has the number 0. */
const BEGINNING = '0/00000000-0000-0000-0000-000000000000';

/** Mounted at /v1/events. */
export function createEventRoutes({ db }: { readonly db: Database<'orders'> }): Routes {
  const routes = createRoutes('Events');
  routes.serve(eventOperations.listEvents, async ({ query: { type, ...paging }, req }) => {
    const page = readPage(paging, 'position');
    const position = page.after ?? BEGINNING;
    const [xact = '', id = ''] = position.split('/');
    const filter = { merchantId: merchantOf(req), after: { xact, id }, type, limit: rowsToRead(page) };
    const rows = await readEvents(db, filter);
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    return {
      data: shown.map(showEvent),
      next_cursor: makeCursor(last === undefined ? position : `${last.final_xact}/${last.id}`),
      has_more: rows.length > page.limit,
    };
  });
  return routes;
}

function orderFound<Order extends OrderRow>(order: Order | undefined): Order {
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
      return orderFound<OrderRow>(undefined);
    default:
      return assertNever(closed);
  }
}
