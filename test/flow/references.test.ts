import { Client, type DatabaseError } from 'pg';
import { lockTables } from '../../db/lock-tables';
import { type AuditWorld, buildAuditWorld } from './audit-world';

/** References that no foreign key holds: lists are held to their parents as they are inserted, and parents are kept. */
const REFERENCES = [
  ['orders.receipts', 'channel_id', 'orders.channels'],
  ['orders.receipts', 'order_id', 'orders.orders'],
  ['orders.inbox_events', 'channel_id', 'orders.channels'],
  ['orders.inbox_events', 'receipt_id', 'orders.receipts'],
  ['orders.global_transactions', 'receipt_id', 'orders.receipts'],
  ['orders.global_transactions', 'order_id', 'orders.orders'],
  ['orders.notifications', 'merchant_id', 'orders.merchants'],
  ['orders.notifications', 'order_id', 'orders.orders'],
  ['orders.notifications', 'endpoint_id', 'orders.notification_endpoints'],
  ['orders.notification_attempts', 'notification_id', 'orders.notifications'],
  ['accounts.entries', 'account_id', 'accounts.accounts'],
  ['points.entries', 'account_id', 'points.accounts'],
  ['accounting.vouchers', 'link_number', 'accounting.links'],
] as const;
const PARENTS = [...new Set(REFERENCES.map(([, , parent]) => parent))].filter((name) => name !== 'accounting.links');

/** What a copied row must have of its own, so that nothing but its parent can be wrong with it. */
const OWN: Readonly<Record<string, string>> = {
  'orders.merchants': `'id', gen_random_uuid(), 'name', gen_random_uuid()`,
  'orders.channels': `'id', gen_random_uuid(), 'name', gen_random_uuid()`,
  'orders.orders': `'id', gen_random_uuid(), 'merchant_order_no', gen_random_uuid(), 'payment_reference', md5(random()::text)`,
  'orders.notification_endpoints': `'id', gen_random_uuid()`,
  'accounts.accounts': `'id', gen_random_uuid(), 'code', gen_random_uuid(), 'name', gen_random_uuid()`,
  'points.accounts': `'id', gen_random_uuid(), 'code', gen_random_uuid()`,
  'accounting.links': `'number', 1000 + n, 'hash', gen_random_uuid(), 'previous_hash', gen_random_uuid()`,
  'orders.receipts': `'id', gen_random_uuid(), 'provider_reference', gen_random_uuid()`,
  'orders.inbox_events': `'id', gen_random_uuid(), 'event_key', gen_random_uuid()`,
  'orders.global_transactions': `'gid', gen_random_uuid(), 'status', 'cancelled', 'cancelled', true`,
  'orders.notifications': `'id', gen_random_uuid(), 'type', gen_random_uuid()`,
  'orders.notification_attempts': `'number', 1000 + n`,
  'accounts.entries': `'id', gen_random_uuid(), 'number', 1000 + n`,
  'points.entries': `'id', gen_random_uuid(), 'number', 1000 + n`,
  'accounting.vouchers': `'id', left(r.id::text, 14) || right(gen_random_uuid()::text, 22), 'event_key', gen_random_uuid(), 'position', 1000 + n`,
};

let world: AuditWorld;
let session: Client;
beforeAll(async () => {
  world = await buildAuditWorld();
  // A person's session: it plans by cost.
  session = new Client({ connectionString: world.urls.orders });
  await session.connect();
});
afterAll(async () => {
  await session.end();
  await world.close();
});
beforeEach(() => session.query('begin'));
afterEach(() => session.query('rollback'));

/** Copies a row of a table so many times over, with other values in the copies. */
const copies = (table: string, times: number, others = ''): string => `
  insert into ${table} select c.*
    from (select * from ${table} limit 1) r, generate_series(1, ${times}) n,
         jsonb_populate_record(null::${table}, to_jsonb(r) || jsonb_build_object('n', n, ${OWN[table]!}${others})) c`;

const refusal = async (text: string): Promise<DatabaseError> =>
  session.query(text).then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => error as DatabaseError,
  );

describe.each(REFERENCES)('%s.%s', (table, column, parent) => {
  const [schema = '', name = ''] = table.split('.');
  const nobody = column === 'link_number' ? '99' : `'00000000-0000-7000-8000-000000000001'`;

  it('is refused where it leads nowhere, as its foreign key did', async () => {
    const refused = await refusal(copies(table, 1, `, '${column}', ${nobody}`));
    expect(refused).toMatchObject({ code: '23503', schema, table: name, constraint: `${name}_${column}_fkey` });
    expect(refused.message).toBe(
      `${name}.${column} names ${nobody.replaceAll("'", '')}, which is not in ${parent.split('.')[1]!}`,
    );
  });

  it('is refused where one of a list leads nowhere', async () => {
    const others = `, '${column}', case n when 7 then to_jsonb(${nobody}::text) else to_jsonb(r.${column}) end`;
    expect((await refusal(copies(table, 20, others))).constraint).toBe(`${name}_${column}_fkey`);
  });
});

it('may be null where it could be', async () => {
  await session.query(copies('orders.receipts', 2, `, 'order_id', null`));
  await session.query(copies('orders.inbox_events', 2, `, 'receipt_id', null`));
  await session.query(copies('orders.global_transactions', 2, `, 'order_id', null, 'pays_order', false`));
});

it('may name what the same statement inserts', async () => {
  await session.query(
    `with receipt as (
       insert into orders.receipts (id, provider, receiving_account, provider_reference, channel_id, amount, currency, status)
       select gen_random_uuid(), provider, receiving_account, 'new', channel_id, amount, currency, 'waiting'
         from orders.receipts limit 1 returning id, channel_id)
     insert into orders.inbox_events (id, channel_id, event_key, verdict, receipt_id, outcome, body_hash)
     select gen_random_uuid(), channel_id, 'new', 'payment_succeeded', id, 'receipt', '' from receipt`,
  );
});

describe.each(PARENTS)('rows of %s', (parent) => {
  it.each([
    ['deleted', `delete from ${parent}`],
    ['truncated', `truncate ${parent} cascade`],
    ['given another id', `update ${parent} set id = gen_random_uuid()`],
  ])('cannot be %s', async (_, change) => {
    expect(await refusal(change)).toMatchObject({ code: '23000', constraint: 'kept' });
  });
});

it('links cannot be deleted or truncated either', async () => {
  await session.query('savepoint here');
  for (const change of ['delete from accounting.links', 'truncate accounting.links']) {
    expect(await refusal(change)).toMatchObject({ code: '23000', constraint: 'append_only' });
    await session.query('rollback to here');
  }
});

/** The planner takes the parents for as few as they were; and yet each of a list's is looked up by its key. */
it.each([...new Set(REFERENCES.map(([table]) => table))])('a list of %s does not read all parents', async (table) => {
  const references = REFERENCES.filter(([child]) => child === table);
  const parents = [...new Set(references.map(([, , parent]) => parent))];
  for (const parent of parents) await session.query(`analyze ${parent}; ${copies(parent, 500)}`);
  const named = references.map(([, column, parent]) => {
    const key = parent === 'accounting.links' ? 'number' : 'id';
    return `'${column}', (select array_agg(${key} order by ${key} desc) from ${parent})[n]`;
  });
  const { rows } = await session.query<{ list: string }>(
    `select jsonb_agg(to_jsonb(r) || jsonb_build_object(${OWN[table]!}) || jsonb_build_object(${named.join(', ')}))::text as list
       from (select * from ${table} limit 1) r, generate_series(1, 100) n`,
  );
  const reads = async () => {
    const { rows: tables } = await session.query<{ scans: number; lookups: number; fetched: number }>(
      `select sum(seq_scan)::int as scans, sum(idx_scan)::int as lookups, sum(idx_tup_fetch)::int as fetched
         from pg_stat_xact_user_tables where relid = any($1::text[]::regclass[])`,
      [parents],
    );
    return tables[0]!;
  };
  const before = await reads();
  await session.query(`insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1)`, [
    rows[0]!.list,
  ]);
  const after = await reads();
  expect(after.scans - before.scans).toBe(0);
  expect(after.lookups - before.lookups).toBe(100 * references.length);
  expect(after.fetched - before.fetched).toBeLessThanOrEqual(100 * references.length);
});

it('the tables are taken for a migration without a deadlock with payments that lock them in another order', async () => {
  const { knex } = world.databases.orders;
  await session.query('lock orders.global_transactions in row exclusive mode');
  const migrating = knex.transaction(async (trx) => {
    await lockTables(trx, ['orders.receipts', 'orders.global_transactions']);
    return trx.raw<{ rows: object[] }>('select 1 as taken');
  });
  // It has the receipts by now, or will have them again and again, and waits for what this session has.
  await session.query(`select pg_sleep(0.1)`);
  await session.query('lock orders.receipts in row exclusive mode');
  await session.query(`select pg_sleep(1.5)`);
  await session.query('commit');
  expect((await migrating).rows).toEqual([{ taken: 1 }]);
});
