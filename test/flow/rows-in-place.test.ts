import { Client } from 'pg';
import { startMerchantServer } from '../support/merchant-server';
import { PATIENT } from '../support/scenario';
import { type World, startWorld } from '../support/world';

/**
 * PostgreSQL updates a row in its place, touching no index, only where no changed column stands in a key or in the condition of an
 * index. So what a payment changes stands in none, except where it is said here and why.
 */

/** What the stores' UPDATE statements change of these rows, on a payment's way and where a part of it is tried again. */
const CHANGED: Readonly<Record<string, readonly string[]>> = {
  'orders.receipts': [
    ...['status', 'outcome', 'in_suspense', 'gid', 'decided_at', 'settled_at'],
    ...['order_id', 'refusals', 'attempts', 'next_try_at', 'lease_token', 'last_error'],
  ],
  'orders.global_transactions': [
    ...['status', 'cancelled', 'refusal', 'decided_at', 'ended_at'],
    ...['attempts', 'next_try_at', 'lease_token', 'last_error', 'waits_for'],
  ],
  'orders.orders': ['status', 'claimed_by', 'paid_by', 'paid_at', 'ended_at', 'final_xact'],
  'orders.outbox': [
    ...['status', 'done_at', 'enqueued_until'],
    ...['attempts', 'next_try_at', 'lease_token', 'last_error', 'waits_for'],
  ],
  'orders.notifications': [
    ...['status', 'ended_at', 'enqueued_until', 'put_off'],
    ...['attempts', 'next_try_at', 'lease_token', 'last_error'],
  ],
  'orders.notification_attempts': ['status', 'http_status', 'error', 'response_excerpt', 'duration_ms', 'ended_at'],
  'accounts.accounts': ['balance', 'reserved', 'entry_count'],
  'points.accounts': ['balance', 'reserved', 'entry_count'],
  'accounts.holds': ['status', 'ended_at'],
  'points.holds': ['status', 'ended_at'],
};

const RARE = 'it is false, and stays so, in every payment that goes well';
const AWAY = 'it is null, and stays so, while all databases are there';
const BORN_WITH = 'a receipt has it from its birth; only one that had to wait is given it later';
const OPEN_HOLDS = 'what is open is found by it, and a hold changes once';

/** Each index that holds a changed column or has one in its condition. */
const EXCEPTIONS: Readonly<Record<string, readonly [columns: string, why: string]>> = {
  'orders.receipts_due': ['next_try_at', 'only a receipt that waits has one, and none is born waiting'],
  'orders.receipts_in_suspense': ['in_suspense', RARE],
  'orders.receipts_of_no_order': ['order_id', BORN_WITH],
  'orders.receipts_order': ['order_id', BORN_WITH],
  'orders.global_transactions_cancelled': ['cancelled', RARE],
  'orders.global_transactions_cancelled_of_receipt': ['cancelled', RARE],
  'orders.global_transactions_one_pays_order': ['cancelled', RARE],
  'orders.global_transactions_one_per_receipt': ['cancelled', RARE],
  'orders.global_transactions_due': [
    'next_try_at',
    'what is due is found by it: the end takes it away, the decision does not',
  ],
  'orders.global_transactions_waiting': ['waits_for', AWAY],
  'orders.orders_events': [
    'final_xact status',
    'merchants read on by it: an order ends once, and is claimed in its place',
  ],
  'orders.orders_ended_unpaid': ['status', 'the end of an order, which changes orders_events in any case'],
  'orders.orders_expiry': ['status', 'the end of an order, which changes orders_events in any case'],
  'orders.outbox_due': [
    'next_try_at status',
    'what is due is found by it, and a message changes once: it is born claimed',
  ],
  'orders.outbox_waiting': ['waits_for', AWAY],
  'orders.notifications_due': [
    'enqueued_until next_try_at status',
    'what is due is found by it, and each claim moves it',
  ],
  'orders.notifications_ended': ['status', 'the end of a notification, which changes notifications_due in any case'],
  'orders.notifications_failed': [
    'ended_at status',
    'the end of a notification, which changes notifications_due in any case',
  ],
  'orders.notifications_put_off': ['next_try_at put_off status', 'as notifications_due; few are put off'],
  'accounts.holds_open': ['status', OPEN_HOLDS],
  'points.holds_open': ['status', OPEN_HOLDS],
};

/**
 * How many of the updates of a payment's row are made in its place: those that no exception concerns. Half of them are asked for,
 * because a version goes elsewhere where its page is full of those that somebody may still read.
 */
const IN_PLACE: Readonly<Record<string, { readonly updates: number; readonly inPlace: number }>> = {
  'orders.receipts': { updates: 2, inPlace: 2 },
  'orders.global_transactions': { updates: 2, inPlace: 1 },
  'orders.orders': { updates: 2, inPlace: 1 },
  'orders.notification_attempts': { updates: 1, inPlace: 1 },
};

/** The columns of each index of a table: its keys, what it includes, its expressions and its condition. */
const INDEXED = `
  select n.nspname || '.' || t.relname as table, n.nspname || '.' || x.relname as index, a.attname as column
    from pg_index i
    join pg_class t on t.oid = i.indrelid
    join pg_class x on x.oid = i.indexrelid
    join pg_namespace n on n.oid = t.relnamespace
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0
   where n.nspname in ('orders', 'accounts', 'points', 'accounting')
     and (a.attnum = any (i.indkey::int2[])
          or exists (select from pg_depend d
                      where d.classid = 'pg_class'::regclass and d.objid = x.oid
                        and d.refobjid = t.oid and d.refobjsubid = a.attnum))
   order by 1, 2, 3`;

interface Indexed {
  readonly table: string;
  readonly index: string;
  readonly column: string;
}

/** `{ 'orders.receipts_due': 'next_try_at' }`: of each index the changed columns that it holds or names. */
function changedIn(indexed: readonly Indexed[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { table, index, column } of indexed) {
    if (CHANGED[table]?.includes(column) !== true) continue;
    found[index] = found[index] === undefined ? column : `${found[index]} ${column}`;
  }
  return found;
}

const ALLOWED = Object.fromEntries(Object.entries(EXCEPTIONS).map(([index, [columns]]) => [index, columns]));
const PAYMENTS = 40;

let world: World;
beforeAll(async () => {
  world = await startWorld({ ...PATIENT, transactionDeadlineMs: 60_000 });
});
afterAll(() => world.stop());

it('what a payment changes stands in no index, except where it is said why', async () => {
  expect(changedIn(await world.query<Indexed>(INDEXED))).toEqual(ALLOWED);
});

it.each([
  ['as a key', 'on orders.receipts (status)', 'status'],
  ['beside the key', 'on orders.receipts (id) include (gid)', 'gid'],
  ['within an expression', `on orders.receipts ((outcome || '!'))`, 'outcome'],
  ['in its condition', 'on orders.receipts (id) where decided_at is not null', 'decided_at'],
])('an index that has such a column %s would be seen', async (_, on, column) => {
  const client = new Client({ connectionString: world.test.urls.orders });
  await client.connect();
  try {
    await client.query(`begin; create index one_more ${on}`);
    const { rows } = await client.query<Indexed>(INDEXED);
    expect(changedIn(rows)).toEqual({ ...ALLOWED, 'orders.one_more': column });
  } finally {
    await client.end();
  }
});

it('a list of payments is updated in its places, and changes nothing that is not listed here', async () => {
  await world.test.databases.orders.knex.raw(NOTE_CHANGES);
  const server = await startMerchantServer();
  try {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: server.url });
    const orders = await Promise.all(
      Array.from({ length: PAYMENTS }, () => world.order(merchant, { customer: 'anna' })),
    );
    const answers = orders.map(async (order) => (await world.send(channel, world.paid(channel, order))).status);
    expect(new Set(await Promise.all(answers))).toEqual(new Set([204]));
    await world.quiet();
  } finally {
    await server.close();
  }
  const changed = await world.query<Changed>('select distinct of_table, of_column from changed_columns');
  expect(new Set(changed.map((one) => one.of_table))).toEqual(new Set(Object.keys(CHANGED)));
  expect(changed.filter((one) => CHANGED[one.of_table]?.includes(one.of_column) !== true)).toEqual([]);
  const updates = await onceCounted();
  const tooFew = updates.filter(({ table, inPlace }) => inPlace < (IN_PLACE[table]!.inPlace * PAYMENTS) / 2);
  expect(tooFew).toEqual([]);
});

interface Changed {
  readonly of_table: string;
  readonly of_column: string;
}

/** Notes of each row that is updated which of its columns change. */
const NOTE_CHANGES = `
  create table changed_columns (of_table text not null, of_column text not null);
  create function note_changes() returns trigger language plpgsql as $$
  begin
    insert into public.changed_columns
    select tg_table_schema || '.' || tg_table_name, now.key
      from jsonb_each(to_jsonb(new)) now join jsonb_each(to_jsonb(old)) before using (key)
     where now.value is distinct from before.value;
    return null;
  end $$;
  ${Object.keys(CHANGED)
    .map(
      (table) => `create trigger note_changes after update on ${table} for each row execute function note_changes();`,
    )
    .join('\n')}`;

interface Updates {
  readonly table: string;
  readonly all: number;
  readonly inPlace: number;
}

/** A session tells what it has updated when it has been idle for a few seconds. */
async function onceCounted(): Promise<readonly Updates[]> {
  for (const deadline = Date.now() + 90_000; ;) {
    const rows = await world.query<Updates>(
      `select schemaname || '.' || relname as table, n_tup_upd::int as all, n_tup_hot_upd::int as "inPlace"
         from pg_stat_user_tables where schemaname || '.' || relname = any ($1::text[])`,
      [Object.keys(IN_PLACE)],
    );
    if (rows.every(({ table, all }) => all >= IN_PLACE[table]!.updates * PAYMENTS)) return rows;
    if (Date.now() > deadline) throw new Error(`not all updates are ever counted: ${JSON.stringify(rows)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
