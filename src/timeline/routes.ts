import { Problem } from '../core/errors';
import { merchantOf } from '../http/caller';
import { type Routes, createRoutes } from '../http/operation';
import type { ReadTimeline } from './read-timeline';
import { showMerchantTimeline } from './show-merchant-timeline';
import { showTimeline } from './show-timeline';
import * as operations from './timeline-operations';

interface TimelineRoutesDependencies {
  readonly timeline: ReadTimeline;
}

const TAG = 'Timelines';

/** Mounted at /admin/orders. */
export function createOrderTimelineRoutes({ timeline }: TimelineRoutesDependencies): Routes {
  const routes = createRoutes(TAG);
  routes.serve(operations.getOrderTimeline, async ({ params }) =>
    showTimeline(found(await timeline.ofOrder(params.order_id), 'order')),
  );
  return routes;
}

/** Mounted at /admin/receipts. */
export function createReceiptTimelineRoutes({ timeline }: TimelineRoutesDependencies): Routes {
  const routes = createRoutes(TAG);
  routes.serve(operations.getReceiptTimeline, async ({ params }) =>
    showTimeline(found(await timeline.ofReceipt(params.receipt_id), 'receipt')),
  );
  return routes;
}

/** Mounted at /v1/orders. */
export function createMerchantTimelineRoutes({ timeline }: TimelineRoutesDependencies): Routes {
  const routes = createRoutes(TAG);
  routes.serve(operations.getMerchantTimeline, async ({ params, req }) => {
    const payment = found(await timeline.ofMerchant(merchantOf(req), params.order_id), 'order');
    return showMerchantTimeline(found(payment.order, 'order'), payment);
  });
  return routes;
}

function found<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) throw new Problem('not_found', `there is no such ${what}`);
  return thing;
}
