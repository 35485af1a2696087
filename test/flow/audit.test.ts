import { formatAudit, runAudit } from '../../src/audit/run-audit';
import { type AuditWorld, buildAuditWorld, sealer } from './audit-world';

/** Some of them audit a system at work again and again. */
jest.setTimeout(300_000);

type Schema = 'orders' | 'accounts' | 'points' | 'accounting';

describe('the audit', () => {
  let world: AuditWorld;
  afterEach(() => world.close());

  const audit = (patienceMs = 0) =>
    runAudit({ databases: world.databases, sealer, settleGraceSeconds: 60, patienceMs, pauseMs: 20 });

  /** Changes data as somebody would who may do anything to the database. */
  const breakIt = (schema: Schema, text: string): Promise<void> =>
    world.sql(schema, `set session_replication_role = replica; ${text}; set session_replication_role = origin`);

  const violated = async (): Promise<number[]> =>
    (await audit()).guarantees.filter((one) => one.count > 0).map((one) => one.number);

  describe.each([{ separate: false }, { separate: true }])('of a sound world ($separate)', (options) => {
    it('finds nothing, and has looked at every guarantee', async () => {
      world = await buildAuditWorld(options);
      const report = await audit();
      expect(report.guarantees.flatMap((one) => one.violations)).toEqual([]);
      expect(report.ok).toBe(true);
      expect(report.guarantees.map((one) => one.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(report.guarantees.every((one) => one.checked > 0)).toBe(true);
      expect(report.books).toMatchObject({ links: 2, vouchers: 2 });
      expect(formatAudit(report)).toMatch(/rows checked {2}violations[\s\S]*Every guarantee holds\.$/);
    });
  });

  it('finds nothing in a world in which nothing has happened', async () => {
    world = await buildAuditWorld();
    for (const table of ['orders', 'accounts', 'points', 'accounting'] as const) {
      await breakIt(table, TRUNCATE[table]);
    }
    expect(await audit()).toMatchObject({ ok: true, books: { links: 0, vouchers: 0, head: null } });
  });

  describe('does not report work in flight', () => {
    it.each(['tried', 'decided'] as const)('that is younger than the grace: %s', async (upTo) => {
      world = await buildAuditWorld();
      const { gid, receipt } = await world.settle(upTo);
      await world.sql(
        'orders',
        `update orders.global_transactions set deadline = now(), decided_at = case when decided_at is null then null else now() end
          where gid = '${gid}';
         update orders.receipts set decided_at = case when decided_at is null then null else now() end where id = '${receipt}'`,
      );
      expect(await violated()).toEqual([]);
    });

    it('that ends while the audit looks again', async () => {
      world = await buildAuditWorld();
      const { receipt } = await world.settle('confirmed'); // An hour ago, and without a voucher.
      expect(await violated()).toEqual([6]);
      const auditing = audit(10_000);
      setTimeout(
        () => void world.sql('orders', `update orders.receipts set decided_at = now() where id = '${receipt}'`),
        300,
      );
      expect((await auditing).ok).toBe(true);
    });
  });

  describe.each([{ separate: false }, { separate: true }])('of a system at work ($separate)', (options) => {
    it('finds nothing, however many payments are under way', async () => {
      world = await buildAuditWorld(options);
      let working = true;
      const lanes = Array.from({ length: 3 }, async () => {
        while (working) await world.settle('posted');
      });
      const reports = [];
      for (let run = 0; run < 4; run += 1) reports.push(await audit(10_000));
      working = false;
      await Promise.all(lanes);
      for (const report of [...reports, await audit()]) {
        expect(report.guarantees.flatMap((one) => one.violations)).toEqual([]);
      }
      expect(reports.at(-1)!.books.vouchers).toBeGreaterThan(10);
    });
  });

  it('lists the first violations and counts them all', async () => {
    world = await buildAuditWorld();
    await world.sql(
      'orders',
      `insert into orders.orders (id, merchant_id, merchant_order_no, payment_reference, amount, currency, fee, status, final_xact)
       select gen_random_uuid(), '${world.ids.merchant}', 'x' || n, 'x' || n, 1, 'USD', 0, 'closed', pg_current_xact_id() from generate_series(1, 30) n`,
    );
    const report = await audit();
    const eighth = report.guarantees.find((one) => one.number === 8)!;
    expect([eighth.count, eighth.violations.length, report.ok]).toEqual([30, 20, false]);
    expect(formatAudit(report)).toContain('8: and 10 more');
    expect(formatAudit(report)).toMatch(/30 violations\.$/);
  });

  const cases: readonly [
    name: string,
    expected: readonly number[],
    schema: Schema,
    change: (w: AuditWorld) => string,
  ][] = [
    // 1: receipts land exactly once.
    [
      'a receipt that nobody settles',
      [1],
      'orders',
      (w) => `${RECEIPT_AGAIN(w)} update orders.receipts set status = 'waiting' where id = '${COPY}'`,
    ],
    [
      'a settled receipt whose transaction is cancelled',
      [1, 4, 6, 9],
      'orders',
      (w) => `update orders.global_transactions set status = 'cancelled', cancelled = true where gid = '${w.paid.gid}'`,
    ],
    [
      'two transactions for one receipt',
      [1, 4],
      'orders',
      (w) => `drop index orders.global_transactions_one_per_receipt; ${CANCELLED_TO(w, 'trying')}`,
    ],
    [
      'a payment event without a receipt',
      [1],
      'orders',
      () =>
        `insert into orders.inbox_events (id, channel_id, event_key, verdict, outcome, body_hash) select gen_random_uuid(), channel_id, 'lost', verdict, outcome, body_hash from orders.inbox_events limit 1`,
    ],
    [
      'a leg that landed on another account',
      [1, 5, 6],
      'accounts',
      (w) =>
        `update accounts.entries set account_id = '${w.ids.payee}', number = 9 where account_id = (select id from accounts.accounts where code = 'fees/USD')`,
    ],
    [
      'money that arrived and is more than what landed',
      [1, 6],
      'orders',
      (w) => `update orders.receipts set amount = 101 where id = '${w.paid.receipt}'`,
    ],
    // 2: paid at most once.
    [
      'an order paid by a receipt of another order',
      [2],
      'orders',
      (w) => `update orders.orders set paid_by = '${w.late.receipt}' where id = '${w.paid.order}'`,
    ],
    [
      'a second receipt that says it paid',
      [2],
      'orders',
      (w) =>
        `${RECEIPT_AGAIN(w)} delete from orders.inbox_events where receipt_id = '${COPY}'; update orders.receipts set status = 'decided', outcome = 'order_paid', in_suspense = false, decided_at = now() where id = '${w.late.receipt}'; update orders.receipts set status = 'settled', order_id = '${w.paid.order}' where id = '${w.late.receipt}'; delete from orders.receipts where id = '${COPY}'`,
    ],
    [
      'two transactions that pay one order',
      [2, 4],
      'orders',
      (w) =>
        `drop index orders.global_transactions_one_pays_order; update orders.global_transactions set pays_order = true, order_id = '${w.paid.order}' where gid = '${w.late.gid}'; update orders.global_transactions set status = 'confirming' where gid = '${w.late.gid}'; update orders.receipts set status = 'decided' where id = '${w.late.receipt}'`,
    ],
    ['suspense without an incident', [2], 'orders', () => 'delete from orders.incidents'],
    [
      'suspense that credits somebody',
      [1, 2, 4, 7],
      'orders',
      (w) =>
        `update orders.global_transactions set plan = jsonb_set(plan, '{branches,0,legs,0,account}', '"fees/USD"') where gid = '${w.late.gid}'`,
    ],
    // 3: only what is verified.
    [
      'a receipt without an event',
      [3],
      'orders',
      (w) => `update orders.inbox_events set receipt_id = '${w.late.receipt}' where receipt_id = '${w.paid.receipt}'`,
    ],
    ['an event with another body', [3], 'orders', () => `update orders.callback_bodies set body = 'forged'`],
    ['an event whose body is gone', [3], 'orders', () => `delete from orders.callback_bodies`],
    ['money out of nowhere', [3, 4, 6], 'accounts', () => NOWHERE('accounts')],
    ['points out of nowhere', [3, 4], 'points', () => NOWHERE('points')],
    // 4: every transaction ends, everywhere the same.
    [
      'a transaction that stays in the first phase',
      [3, 4],
      'orders',
      (w) =>
        `${CANCELLED_TO(w, 'cancelling')}; update orders.global_transactions set decided_at = now() - interval '1 hour' where status = 'cancelling'`,
    ],
    [
      'a hold that stays open though its transaction has ended',
      [4],
      'accounts',
      () =>
        `update accounts.holds set status = 'held', account_ids = '{}', amounts = '{}', outbound = '{}' where status = 'cancelled'`,
    ],
    [
      'a hold of no transaction',
      [4],
      'points',
      () => `insert into points.holds (gid, branch, status) values (gen_random_uuid(), 'points', 'held')`,
    ],
    [
      'a branch that was not planned',
      [4],
      'points',
      (w) => `insert into points.holds (gid, branch, status) values ('${w.late.gid}', 'points', 'held')`,
    ],
    [
      'a hold with other amounts than planned',
      [4, 5],
      'accounts',
      () => `update accounts.holds set amounts = '{91, 4, 5}' where cardinality(amounts) = 3 and status = 'confirmed'`,
    ],
    [
      'an order that is still claimed',
      [4],
      'orders',
      (w) => `update orders.orders set claimed_by = '${w.paid.receipt}' where id = '${w.paid.order}'`,
    ],
    [
      'an order that is claimed by no receipt that is there',
      [4],
      'orders',
      (w) => `update orders.orders set claimed_by = '${COPY}' where id = '${w.late.order}'`,
    ],
    // 5: balances.
    [
      'a balance that somebody raised',
      [5, 6],
      'accounts',
      (w) => `update accounts.accounts set balance = balance + 1 where id = '${w.ids.payee}'`,
    ],
    ['points that somebody raised', [5], 'points', () => `update points.accounts set balance = balance + 1`],
    [
      'a reserve without a hold',
      [5],
      'accounts',
      (w) => `update accounts.accounts set reserved = 1 where id = '${w.ids.payee}'`,
    ],
    [
      'a running balance that does not run',
      [5],
      'accounts',
      () => `update accounts.entries set balance_after = balance_after + 1`,
    ],
    ['a number that is missing', [5], 'points', () => `update points.entries set number = 2`],
    [
      'an account below zero',
      [5, 6],
      'accounts',
      (w) =>
        `alter table accounts.accounts drop constraint accounts_not_below_zero; update accounts.accounts set balance = -5 where id = '${w.ids.payee}'`,
    ],
    // 6: the books.
    [
      'a receipt without a voucher',
      [6],
      'accounting',
      () =>
        `delete from accounting.postings where voucher_id in (select id from accounting.vouchers where link_number = 2); delete from accounting.vouchers where link_number = 2; delete from accounting.links where number = 2`,
    ],
    [
      'a voucher that does not balance',
      [6, 7],
      'accounting',
      (w) => `update accounting.postings set debit = debit + 1 where account = '5100' and party = '${w.ids.merchant}'`,
    ],
    [
      'a voucher with a line too many',
      [6, 7],
      'accounting',
      () =>
        `insert into accounting.postings select voucher_id, line + 50, account, 'x', currency, debit, credit from accounting.postings where line <= 2`,
    ],
    [
      'a voucher over a transaction that does not exist',
      [3, 4, 6],
      'orders',
      (w) =>
        `delete from orders.global_transactions where gid = '${w.late.gid}'; delete from orders.receipts where id = '${w.late.receipt}'; delete from orders.inbox_events where receipt_id = '${w.late.receipt}'`,
    ],
    [
      'a control account that moved otherwise',
      [6, 7],
      'accounting',
      () => `update accounting.postings set account = '4100', party = '' where account = '2200'`,
    ],
    [
      'money of one party in the name of another, though the totals agree',
      [6, 7],
      'accounting',
      (w) => `update accounting.postings set party = '${w.ids.channel}' where account = '2100'`,
    ],
    // 7: nothing is changed.
    [
      'a posting in another hand',
      [7],
      'accounting',
      () => `update accounting.postings set party = 'wires' where account = '1100'`,
    ],
    [
      'a posting under another link than its voucher',
      [7],
      'accounting',
      () => `update accounting.postings set link_number = 3 - link_number where line = 1`,
    ],
    [
      'a trigger that is switched off',
      [7],
      'accounting',
      () => `alter table accounting.postings disable trigger postings_append_only`,
    ],
    ['a trigger that is gone', [7], 'accounts', () => `drop trigger entries_append_only on accounts.entries`],
    [
      'a trigger that does nothing any more',
      [7],
      'points',
      () =>
        `create or replace function points.refuse_change() returns trigger language plpgsql as $$ begin return null; end $$`,
    ],
    [
      'a running sum that somebody put in',
      [7],
      'accounting',
      () =>
        `insert into accounting.checkpoints values (1); insert into accounting.checkpoint_totals values (1, '4100', 'USD', 1, 2)`,
    ],
    ['a signature of nobody', [7], 'accounting', () => `update accounting.links set signature = repeat('0', 64)`],
    [
      'legs in the log that are not those of the voucher',
      [7],
      'orders',
      (w) => `update orders.global_transactions set legs_hash = repeat('0', 64) where gid = '${w.paid.gid}'`,
    ],
    ['a check of references that is gone', [7], 'orders', () => `drop trigger receipts_references on orders.receipts`],
    [
      'parents that can be deleted',
      [7],
      'accounts',
      () => `alter table accounts.accounts disable trigger accounts_kept`,
    ],
    // 8: notifications.
    [
      'an end that nobody is told of',
      [8],
      'orders',
      (w) =>
        `delete from orders.notification_attempts where notification_id in (select id from orders.notifications where order_id = '${w.late.order}'); delete from orders.notifications where order_id = '${w.late.order}'`,
    ],
    [
      'a notification of what is not so',
      [8],
      'orders',
      (w) => `update orders.notifications set type = 'order.expired' where order_id = '${w.late.order}'`,
    ],
    [
      'a notification whose text says what is not so',
      [8],
      'orders',
      (w) =>
        `update orders.notifications set payload = '{"data": {"status": "open"}}' where order_id = '${w.late.order}'`,
    ],
    [
      'an attempt that is not recorded',
      [8],
      'orders',
      () => `delete from orders.notification_attempts where number = 1`,
    ],
    [
      'a delivery that did not succeed',
      [8],
      'orders',
      () => `update orders.notification_attempts set status = 'failed'`,
    ],
    ['attempts beyond the schedule', [8], 'orders', () => `update orders.notification_endpoints set schedule = '[0]'`],
    [
      'a schedule that stopped early',
      [8],
      'orders',
      () =>
        `update orders.notification_attempts set status = 'failed'; update orders.notifications set status = 'exhausted'; update orders.notification_endpoints set schedule = '"standard"'`,
    ],
    [
      'an attempt that nobody makes',
      [8],
      'orders',
      () => `update orders.notifications set status = 'scheduled', next_try_at = now() - interval '1 hour'`,
    ],
    [
      'an endpoint that is put off and not tried',
      [8],
      'orders',
      () =>
        `update orders.notifications set status = 'scheduled', put_off = true, next_try_at = now() - interval '3 hours', enqueued_until = now() + interval '1 hour'`,
    ],
    [
      'a resend that counts attempts which were not made',
      [8],
      'orders',
      () => `update orders.notifications set schedule_from = attempts + 1`,
    ],
    // 9: what was acknowledged.
    [
      'a voucher message that is gone',
      [9],
      'orders',
      (w) => `delete from orders.outbox where event_key = '${w.paid.receipt}'`,
    ],
    [
      'a paid order whose merchant was never to be told',
      [8, 9],
      'orders',
      (w) =>
        `delete from orders.notification_attempts where notification_id in (select id from orders.notifications where order_id = '${w.paid.order}'); delete from orders.notifications where order_id = '${w.paid.order}'`,
    ],
  ];

  it.each(cases)('reports %s', async (_, expected, schema, change) => {
    world = await buildAuditWorld();
    await breakIt(schema, change(world));
    expect(await violated()).toEqual(expected);
  });

  it('reports whatever leads nowhere, where no foreign key holds it', async () => {
    const references = [
      [3, 'orders', 'receipts', 'channel_id'],
      [2, 'orders', 'receipts', 'order_id'],
      [3, 'orders', 'inbox_events', 'channel_id'],
      [1, 'orders', 'inbox_events', 'receipt_id'],
      [3, 'orders', 'global_transactions', 'receipt_id'],
      [2, 'orders', 'global_transactions', 'order_id'],
      [8, 'orders', 'notifications', 'merchant_id'],
      [8, 'orders', 'notifications', 'order_id'],
      [8, 'orders', 'notifications', 'endpoint_id'],
      [8, 'orders', 'notification_attempts', 'notification_id'],
      [5, 'accounts', 'entries', 'account_id'],
      [5, 'points', 'entries', 'account_id'],
    ] as const;
    world = await buildAuditWorld();
    for (const [, schema, table, column] of references) {
      await breakIt(
        schema,
        `update ${schema}.${table} set ${column} = '${COPY}'
          where ctid = (select min(ctid) from ${schema}.${table} where ${column} is not null)`,
      );
    }
    const { guarantees } = await audit();
    for (const [number, schema, table, column] of references) {
      expect(guarantees.find((one) => one.number === number)!.violations).toContainEqual({
        key: expect.any(String) as string,
        what: expect.stringMatching(`^in ${schema}, ${table}.${column} names a row of`) as string,
        facts: { [column]: COPY },
      });
    }
  });
});

const COPY = '00000000-0000-7000-8000-000000000001';

/** The paid receipt once more, as if it had come in and been left. */
const RECEIPT_AGAIN = (w: AuditWorld): string => `
  insert into orders.receipts (id, provider, receiving_account, provider_reference, channel_id, amount, currency, status,
      next_try_at, received_at)
    select '${COPY}', provider, receiving_account, 'copy', channel_id, amount, currency, 'settling', next_try_at, received_at
      from orders.receipts where id = '${w.paid.receipt}';
  insert into orders.inbox_events (id, channel_id, event_key, verdict, receipt_id, outcome, body_hash)
    select '${COPY}', channel_id, 'copy', verdict, '${COPY}', outcome, body_hash from orders.inbox_events
     where receipt_id = '${w.paid.receipt}';`;

const CANCELLED_TO = (w: AuditWorld, status: string): string =>
  `update orders.global_transactions set status = '${status}', cancelled = false, pays_order = false,
     receipt_id = ${status === 'trying' ? 'receipt_id' : `'${COPY}'`}
    where receipt_id = '${w.paid.receipt}' and status = 'cancelled'`;

const NOWHERE = (schema: string): string => `
  with gift as (
    update ${schema}.accounts a set balance = balance + 10, entry_count = entry_count + 1
     where id = (select id from ${schema}.accounts where entry_count > 0 limit 1) returning *),
  hold as (
    insert into ${schema}.holds (gid, branch, status, account_ids, outbound, amounts)
    select '${COPY}', 'gift', 'confirmed', array[id], '{f}', '{10}' from gift)
  insert into ${schema}.entries (id, account_id, number, gid, branch, amount, balance_after)
  select gen_random_uuid(), id, entry_count, '${COPY}', 'gift', 10, balance from gift`;

const TRUNCATE: Readonly<Record<Schema, string>> = {
  orders: `truncate orders.merchants, orders.channels, orders.receipts, orders.inbox_events, orders.global_transactions,
    orders.notifications, orders.notification_attempts, orders.incidents, orders.outbox cascade`,
  accounts: 'truncate accounts.accounts, accounts.entries, accounts.holds',
  points: 'truncate points.accounts, points.entries, points.holds',
  accounting: 'truncate accounting.links, accounting.vouchers, accounting.postings',
};
