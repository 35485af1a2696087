import { type Queryable, statement } from '../consistency/transaction';
import type { IncidentId, OrderId, ReceiptId } from '../core/ids';
import type { IncidentKind } from './incident';
import { INCIDENT_COLUMNS, type IncidentRow, type IncidentStatus } from './incidents-store';

export interface IncidentFilter {
  readonly status?: IncidentStatus | undefined;
  readonly kinds?: readonly IncidentKind[] | undefined;
  readonly assignee?: string | undefined;
  readonly assigned?: boolean | undefined;
  readonly orderId?: OrderId | undefined;
  readonly receiptId?: ReceiptId | undefined;
}

export type IncidentEventKind = 'opened' | 'seen_again' | 'assigned' | 'unassigned' | 'noted' | 'resolved' | 'reopened';

export interface IncidentEventRow {
  readonly number: number;
  readonly kind: IncidentEventKind;
  readonly at: Date;
  /** Null where the service itself did it. */
  readonly operator: string | null;
  readonly assignee: string | null;
  readonly note: string | null;
  readonly facts: Readonly<Record<string, string | null>> | null;
}

const FIND = statement('orders.incidents.find', `select ${INCIDENT_COLUMNS} from orders.incidents where id = $1`);
const EVENTS = statement(
  'orders.incident_events.list',
  `select number, kind, at, operator, assignee, note, facts from orders.incident_events
    where incident_id = $1 and ($2::bigint is null or number < $2) order by number desc limit $3`,
);

export async function findIncident(db: Queryable<'orders'>, id: IncidentId): Promise<IncidentRow | undefined> {
  return (await db.query<IncidentRow>(FIND, [id]))[0];
}

/**
 * Newest first. The statement holds only the conditions that are asked for, with the status as a literal: one text for all
 * filters would have a plan that no partial index serves.
 */
export function listIncidents(
  db: Queryable<'orders'>,
  filter: IncidentFilter,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<IncidentRow[]> {
  const conditions: string[] = [];
  const names: string[] = [];
  const values: unknown[] = [];
  const where = (name: string, value: unknown, condition: (place: string) => string): void => {
    if (value === undefined) return;
    names.push(name);
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (filter.status !== undefined) {
    names.push(filter.status);
    conditions.push(filter.status === 'open' ? `status = 'open'` : `status = 'resolved'`);
  }
  if (filter.assigned !== undefined) {
    names.push(filter.assigned ? 'assigned' : 'unassigned');
    conditions.push(filter.assigned ? 'assignee is not null' : 'assignee is null');
  }
  where('kinds', filter.kinds, (place) => `kind = any(${place}::text[])`);
  where('assignee', filter.assignee, (place) => `assignee = ${place}`);
  where('order', filter.orderId, (place) => `order_id = ${place}::uuid`);
  where('receipt', filter.receiptId, (place) => `receipt_id = ${place}::uuid`);
  where('after', page.after, (place) => `id < ${place}::uuid`);
  values.push(page.limit);
  const text = `select ${INCIDENT_COLUMNS} from orders.incidents
    ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`} order by id desc limit $${values.length}`;
  return db.query<IncidentRow>(statement(`orders.incidents.list.${names.join('.')}`, text), values);
}

/** Newest first. @param before the number of an entry; what came before it is given */
export function listEvents(
  db: Queryable<'orders'>,
  id: IncidentId,
  before: string | undefined,
  limit: number,
): Promise<IncidentEventRow[]> {
  return db.query<IncidentEventRow>(EVENTS, [id, before ?? null, limit]);
}
