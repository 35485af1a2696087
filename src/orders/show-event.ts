import { showId } from '../core/ids';
import type { EventView } from './event-schemas';
import type { OrderEventRow } from './events-store';
import { showOrder } from './show-order';

/** An order ends once, so the order's own id makes the event's. */
export function showEvent(row: OrderEventRow): EventView {
  return {
    id: showId('orderEvent', row.id),
    type: `order.${row.status}`,
    created_at: row.happened_at,
    data: showOrder(row),
  };
}
