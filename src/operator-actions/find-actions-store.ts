import { type Queryable, statement } from '../consistency/transaction';

/** An action: its intent, and its outcome where there is one yet. */
export interface ActionRow {
  readonly number: string;
  readonly action_id: string;
  readonly at: Date;
  readonly operator: string;
  readonly operation: string | null;
  readonly method: string;
  readonly path: string;
  readonly query: string | null;
  readonly body: string | null;
  readonly content_type: string | null;
  readonly content_length: string | null;
  readonly content_digest: string | null;
  readonly subjects: readonly string[];
  readonly request_id: string;
  readonly trace_id: string | null;
  readonly client_address: string | null;
  readonly idempotency_key: string | null;
  readonly hash: string;
  readonly ended_at: Date | null;
  readonly status: number | null;
  readonly problem: string | null;
  readonly created: string | null;
  readonly replayed: boolean | null;
}

export interface ActionFilter {
  readonly operator?: string | undefined;
  readonly operation?: string | undefined;
  readonly subject?: string | undefined;
  /** RFC 3339; from this instant on, and before that one. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const SELECT = `
  select i.number, i.action_id, i.at, i.operator, i.operation, i.method, i.path, i.query, i.body, i.content_type,
         i.content_length, i.content_digest, i.subjects, i.request_id, i.trace_id, i.client_address, i.idempotency_key,
         i.hash, o.at as ended_at, o.status, o.problem, o.created, o.replayed
    from orders.operator_actions i
    left join orders.operator_actions o on o.action_id = i.action_id and o.kind = 'outcome'
   where i.kind = 'intent'`;
const FIND = statement('orders.operator_actions.find', `${SELECT} and i.action_id = $1::uuid`);

export async function findAction(db: Queryable<'orders'>, id: string): Promise<ActionRow | undefined> {
  return (await db.query<ActionRow>(FIND, [id]))[0];
}

/** Newest first; the statement holds only the conditions that are asked for, so that each has the plan of its index. */
export function listActions(
  db: Queryable<'orders'>,
  filter: ActionFilter,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<ActionRow[]> {
  const asked = [
    ['operator', filter.operator, (place: string) => `i.operator = ${place}`],
    ['operation', filter.operation, (place: string) => `i.operation = ${place}`],
    ['from', filter.from, (place: string) => `i.at >= ${place}::timestamptz`],
    ['to', filter.to, (place: string) => `i.at < ${place}::timestamptz`],
    ['after', page.after, (place: string) => `i.number < ${place}::bigint`],
    [
      'subject',
      filter.subject,
      (place: string) =>
        `i.action_id in (select s.action_id from orders.operator_actions s where s.subjects @> array[${place}::text])`,
    ],
  ] as const;
  const used = asked.filter(([, value]) => value !== undefined);
  const conditions = used.map(([, , condition], index) => ` and ${condition(`$${index + 1}`)}`);
  const text = `${SELECT}${conditions.join('')} order by i.number desc limit $${used.length + 1}`;
  const name = `orders.operator_actions.list.${used.map(([asked]) => asked).join('.')}`;
  return db.query<ActionRow>(statement(name, text), [...used.map(([, value]) => value), page.limit]);
}
