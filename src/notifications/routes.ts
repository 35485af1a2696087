import type { z } from 'zod';
import type { MerchantId } from '../core/ids';
import { merchantOf } from '../http/caller';
import { type Called, type Routes, createRoutes } from '../http/operation';
import { type Page, listed, readPage, rowsToRead } from '../http/pagination';
import { workFilterOf } from '../http/work-fields';
import { type EndpointOperations, merchantsOwn, operators } from './endpoint-operations';
import type { DeliveryFilter } from './delivery-store';
import type { createEndpointBody, updateEndpointBody } from './endpoint-schemas';
import type { EndpointChanges } from './endpoints-store';
import type { Deliveries } from './list-deliveries';
import type { Endpoints, NewEndpoint } from './manage-endpoints';
import * as operations from './notification-operations';
import type { listNotificationsQuery } from './notification-schemas';
import { traceOf } from '../http/request-trace';
import type { PingEndpoint } from './ping-endpoint';
import type { Resends } from './resend';
import { showDelivery } from './show-delivery';
import { showEndpoint, showPing } from './show-endpoint';

export interface EndpointRoutesDependencies {
  readonly endpoints: Endpoints;
  readonly resends: Resends;
  readonly ping: PingEndpoint;
}

/** Mounted at /admin/merchants/:merchant_id/endpoints. */
export function createEndpointRoutes(deps: EndpointRoutesDependencies): Routes {
  return endpointRoutes(deps, operators, ({ params }) => params.merchant_id, 'disabled by the operator');
}

/** Mounted at /v1/endpoints. */
export function createOwnEndpointRoutes(deps: EndpointRoutesDependencies): Routes {
  return endpointRoutes(deps, merchantsOwn, ({ req }) => merchantOf(req), 'disabled by the merchant');
}

function endpointRoutes<Mount extends object>(
  { endpoints, resends, ping }: EndpointRoutesDependencies,
  served: EndpointOperations<Mount>,
  merchant: (call: Pick<Called<Mount, unknown, unknown>, 'params' | 'req'>) => MerchantId,
  disabledBy: string,
): Routes {
  const routes = createRoutes('Endpoints');
  routes.serve(served.create, async (call) => {
    const { endpoint, secret } = await endpoints.create(newEndpoint(merchant(call), call.body));
    return { ...showEndpoint(endpoint), secret };
  });
  routes.serve(served.list, async (call) => {
    const page = readPage(call.query);
    const rows = await endpoints.list(merchant(call), page.after, rowsToRead(page));
    return shownPage(rows, page, showEndpoint);
  });
  routes.serve(served.get, async (call) => showEndpoint(await endpoints.get(merchant(call), call.params.endpoint_id)));
  routes.serve(served.update, async (call) =>
    showEndpoint(await endpoints.update(merchant(call), call.params.endpoint_id, changesOf(call.body))),
  );
  routes.serve(served.disable, async (call) =>
    showEndpoint(await endpoints.disable(merchant(call), call.params.endpoint_id, disabledBy)),
  );
  routes.serve(served.enable, async (call) => {
    const { endpoint, resent, remaining } = await endpoints.enable(merchant(call), call.params.endpoint_id);
    return { ...showEndpoint(endpoint), resent, remaining };
  });
  routes.serve(served.rotateSecret, async (call) => {
    const { secret: given, overlap_seconds: overlap } = call.body;
    const { endpoint, secret } = await endpoints.rotate(merchant(call), call.params.endpoint_id, given, overlap);
    return { ...showEndpoint(endpoint), secret };
  });
  routes.serve(served.ping, async (call) =>
    showPing(await ping(await endpoints.get(merchant(call), call.params.endpoint_id), traceOf(call.req))),
  );
  routes.serve(served.resend, async (call) => {
    const endpoint = await endpoints.get(merchant(call), call.params.endpoint_id);
    return resends.failedSince(endpoint, call.body.failed_since);
  });
  return routes;
}

function newEndpoint(merchantId: MerchantId, body: z.output<typeof createEndpointBody>): NewEndpoint {
  const { url, schedule, success_rule: successRule, event_types: eventTypes, secret } = body;
  return { merchantId, url, schedule, successRule, eventTypes, secret };
}

function changesOf(body: z.output<typeof updateEndpointBody>): EndpointChanges {
  const { url, schedule, success_rule: successRule, event_types: eventTypes } = body;
  return { url, schedule, successRule, eventTypes };
}

/** Mounted at /v1/orders/:order_id/notifications. */
export function createOrderNotificationRoutes({ deliveries }: { readonly deliveries: Deliveries }): Routes {
  const routes = createRoutes('Notifications');
  routes.serve(operations.listNotificationsOfOrder, async ({ params, query, req }) => {
    const page = readPage(query);
    const rows = await deliveries.ofOrder(merchantOf(req), params.order_id, page.after, rowsToRead(page));
    return shownPage(rows, page, showDelivery);
  });
  return routes;
}

export interface NotificationRoutesDependencies {
  readonly deliveries: Deliveries;
  readonly resends: Resends;
}

/** Mounted at /v1/notifications. */
export function createNotificationRoutes({ deliveries, resends }: NotificationRoutesDependencies): Routes {
  const routes = createRoutes('Notifications');
  routes.serve(operations.listNotifications, async ({ query, req }) => {
    const page = readPage(query);
    return shownPage(await deliveries.list(filterOf(query, merchantOf(req), page)), page, showDelivery);
  });
  routes.serve(operations.getNotification, async ({ params, req }) =>
    showDelivery(await deliveries.get(params.notification_id, merchantOf(req))),
  );
  routes.serve(operations.resendNotification, async ({ params, req }) => {
    await resends.one(params.notification_id, merchantOf(req));
    return showDelivery(await deliveries.get(params.notification_id, merchantOf(req)));
  });
  return routes;
}

/** Mounted at /admin/notifications. */
export function createAllNotificationRoutes({ deliveries, resends }: NotificationRoutesDependencies): Routes {
  const routes = createRoutes('Notifications');
  routes.serve(operations.listAllNotifications, async ({ query }) => {
    const page = readPage(query);
    const filter = { ...filterOf(query, query.merchant, page), ...workFilterOf(query) };
    return shownPage(await deliveries.list(filter), page, showDelivery);
  });
  routes.serve(operations.getAnyNotification, async ({ params }) =>
    showDelivery(await deliveries.get(params.notification_id, undefined)),
  );
  routes.serve(operations.resendFailedNotifications, ({ body }) =>
    resends.allFailedSince(body.failed_since, { merchantId: body.merchant, endpointId: body.endpoint }),
  );
  routes.serve(operations.resendAnyNotification, async ({ params }) => {
    await resends.one(params.notification_id, undefined);
    return showDelivery(await deliveries.get(params.notification_id, undefined));
  });
  return routes;
}

function filterOf(
  query: Omit<z.output<typeof listNotificationsQuery>, 'limit' | 'cursor'>,
  merchantId: MerchantId | undefined,
  page: Page,
): DeliveryFilter {
  return {
    merchantId,
    endpointId: query.endpoint,
    orderId: query.order,
    status: query.status,
    failedSince: query.failed_since,
    after: page.after,
    limit: rowsToRead(page),
  };
}

function shownPage<Row extends { readonly id: string }, Shown>(
  rows: readonly Row[],
  page: Page,
  show: (row: Row) => Shown,
): { data: Shown[]; next_cursor: string | null } {
  const { data, next_cursor } = listed(rows, page, show, (row) => row.id);
  return { data: [...data], next_cursor };
}
