import { runAudit } from '../../src/audit/run-audit';
import { endedHoldsStatements } from '../../src/balances/ended-holds-store';
import { createParticipant } from '../../src/balances/participant';
import { systemClock } from '../../src/core/clock';
import { type Gid, createIds } from '../../src/core/ids';
import { createSealer } from '../../src/core/sealing';
import { inTransaction, statement } from '../../src/consistency/transaction';
import { OLD_ATTEMPTS } from '../../src/retention/attempts-store';
import { OLD_BODIES } from '../../src/retention/bodies-store';
import { OLD_TRANSACTIONS } from '../../src/retention/transactions-store';
import { type CommandLine, commandLine } from '../support/command-line';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { createAdyenBank } from '../support/vendor-callbacks';
import type { AdyenBank } from '../support/vendor-callbacks/adyen-bank';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

const DAY_MS = 86_400_000;
const AGED_DAYS = 500;
/** So many days ago, for ids and signatures; the databases' own times are set back by `AGE`. */
const LONG_AGO = { ...systemClock, now: () => new Date(Date.now() - AGED_DAYS * DAY_MS) };
const back = (...columns: string[]): string =>
  columns.map((column) => `${column} = ${column} - interval '${AGED_DAYS} days'`).join(', ');
const AGE = [
  `update orders.receipts set ${back('received_at', 'decided_at', 'settled_at')}`,
  `update orders.global_transactions set ${back('created_at', 'decided_at', 'ended_at')}`,
  `update orders.outbox set ${back('created_at', 'done_at')}`,
  `update orders.notifications set ${back('created_at', 'ended_at')}`,
  `update orders.callback_bodies set ${back('stored_at')}`,
  `update accounts.holds set ${back('created_at', 'ended_at')}`,
  `update points.holds set ${back('created_at', 'ended_at')}`,
];

interface Paid {
  readonly order: Json;
  readonly receipt: string;
  readonly gid: Gid;
  /** The bank repeats its callback. */
  repeat(): Promise<number>;
}

/** Everything is as old as a year and more, but for one payment of today. */
let world: World;
let young: World;
let server: MerchantServer;
let merchant: Merchant;
let standard: Channel;
let bank: AdyenBank;
let adyen: Channel;
let line: CommandLine;
let kept: { readonly [table: string]: string };
const paid: Record<string, Paid> = {};

const sql = (text: string, values: readonly unknown[] = []): Promise<Json[]> => world.query(text, values);
const count = async (table: string): Promise<string> => (await sql(`select count(*) as count from ${table}`))[0].count;
const NEVER_CLEANED = [
  ...['orders.orders', 'orders.receipts', 'orders.inbox_events', 'orders.notifications', 'orders.incidents'],
  ...['accounts.entries', 'points.entries', 'accounting.vouchers', 'accounting.postings', 'accounting.links'],
];
const countAll = async (): Promise<Record<string, string>> =>
  Object.fromEntries(await Promise.all(NEVER_CLEANED.map(async (table) => [table, await count(table)] as const)));

async function pay(from: World, channel: Channel, order: Json, at = new Date()): Promise<Paid> {
  const payment = from.payment(channel, order, { at });
  const callback = channel.bank.paid(payment);
  const repeat = async (): Promise<number> => (await from.send(channel, callback)).status;
  expect([200, 204]).toContain(await repeat());
  const [row] = await from.query<{ id: string; gid: Gid }>(
    `select r.id, r.gid from orders.receipts r where r.provider_reference = $1`,
    [payment.providerReference],
  );
  return { order, receipt: row!.id, gid: row!.gid, repeat };
}

async function latePayment(): Promise<Paid> {
  const order = await world.order(merchant);
  await world.v1(merchant, 'post', `/orders/${order.id}/close`);
  return pay(world, standard, order, LONG_AGO.now());
}

beforeAll(async () => {
  world = await startWorld({ clock: LONG_AGO });
  [server, line] = [await startMerchantServer(), await commandLine(world)];
  process.env['DATABASE_URL'] = world.test.urls.orders;
  [merchant, standard, bank] = [await world.merchant(), await world.channel(), createAdyenBank()];
  adyen = await world.channel(bank);
  await world.admin('put', `/merchants/${merchant.id}/fee-plans/USD`, { rate: '0.02', fixed: '0.30' });
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1', point_value: '0.01' });
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: server.url });
  const payee = await world.admin('post', `/merchants/${merchant.id}/accounts`, { reference: 'p', currency: 'USD' });
  const order = (customer: string): Promise<Json> =>
    world.order(merchant, { customer, splits: [{ account: payee.id, amount: '5.00' }] });
  const at = LONG_AGO.now();
  paid['whole'] = await pay(world, adyen, await order('anna'), at);
  const { data } = await world.admin('get', '/points-accounts?kind=customer');
  await world.admin('post', `/points-accounts/${data[0].id}/freeze`);
  paid['refused'] = await pay(world, standard, await order('anna'), at);
  for (const name of ['message due', 'held', 'not told', 'forged', 'not settled'])
    paid[name] = await pay(world, standard, await order(name), at);
  paid['late'] = await latePayment();
  await world.quiet();
  for (const one of (await world.admin('get', '/incidents?status=open&limit=100')).data)
    await world.admin('post', `/incidents/${one.id}/resolve`, { note: 'seen' });
  paid['in doubt'] = await latePayment();
  const strange = bank.other({ ...world.payment(adyen, paid['whole'].order), eventId: 'later', at });
  await world.send(adyen, strange).expect(200);
  await world.quiet();
  for (const text of AGE) await sql(text);
  young = await startWorld({ on: { test: world.test, masterKey: world.masterKey }, working: false });
  paid['young'] = await pay(young, standard, await young.order(merchant));
  await young.quiet();
  // From here on nothing is done but what a test does: a sweep that looks for stuck work would find what is made so below.
  await world.wired.drain();
  kept = await countAll();
}, 240_000);
afterAll(async () => {
  await line.close();
  await server.close();
  await young.stop();
  await world.stop();
});

/** What the sweeps of a process do, until they find nothing more. */
async function sweep(): Promise<void> {
  for (const one of young.wired.sweeps.filter(({ name }) => name.startsWith('retention of')))
    while ((await one.run()) > 0);
}
const isThere = async (name: string): Promise<boolean> =>
  (await sql('select 1 from orders.global_transactions where gid = $1', [paid[name]!.gid])).length > 0;

it('is nothing while something of a payment has not ended, or databases disagree on it', async () => {
  await world.mustBeSound();
  const of = (name: string): string => `'${paid[name]!.gid}'`;
  const receiptOf = (name: string): string => `'${paid[name]!.receipt}'`;
  const orderOf = (name: string): string => `'${paid[name]!.order.id.slice(4)}'`;
  const unfinished = [
    `update orders.outbox set status = 'due', next_try_at = 'infinity', enqueued_until = 'infinity' where event_key = ${receiptOf('message due')}`,
    `update accounts.holds set status = 'held' where gid = ${of('held')}`,
    `update orders.notifications set status = 'scheduled', next_try_at = 'infinity', enqueued_until = 'infinity'
      where order_id = ${orderOf('not told')}`,
    `update orders.global_transactions set plan = jsonb_set(plan, '{branches,0,legs,0,amount}', '"1.00"') where gid = ${of('forged')}`,
    `update orders.receipts set status = 'decided', settled_at = null where id = ${receiptOf('not settled')}`,
  ];
  for (const text of unfinished) await sql(text);
  const dry = await line.json('retention', 'run', '--dry-run');
  // Three payments and a cancelled attempt; the young payment is not even looked at.
  expect(dry).toContainEqual({ kind: 'transactions', cleaned: 4, unfinished: 6 });
  expect(await count('orders.global_transactions')).toBe('11');
  await sweep();
  for (const name of ['message due', 'held', 'not told', 'forged', 'not settled', 'in doubt', 'young'])
    expect([name, await isThere(name)]).toEqual([name, true]);
  for (const name of ['whole', 'refused', 'late']) expect([name, await isThere(name)]).toEqual([name, false]);
  expect(await count('orders.global_transactions')).toBe('7');
  const mend = [
    `update orders.outbox set status = 'done' where event_key = ${receiptOf('message due')}`,
    `update accounts.holds set status = 'confirmed' where gid = ${of('held')}`,
    `update orders.notifications set status = 'delivered' where order_id = ${orderOf('not told')}`,
    `update orders.global_transactions set plan = jsonb_set(plan, '{branches,0,legs,0,amount}', '"92.70"') where gid = ${of('forged')}`,
    `update orders.receipts set status = 'settled', settled_at = decided_at where id = ${receiptOf('not settled')}`,
  ];
  for (const text of mend) await sql(text);
  await world.mustBeSound();
});

it('is transactions, their messages and holds, attempts and bodies, and nothing else', async () => {
  await sweep();
  expect(await sql('select gid from orders.global_transactions order by gid')).toEqual(
    [paid['in doubt']!, paid['young']!].map(({ gid }) => ({ gid })),
  );
  const rest = ['orders.outbox', 'accounts.holds', 'orders.callback_bodies', 'orders.notification_attempts'];
  // Beside those of the two payments there is the body of an event that nobody has understood.
  expect(await Promise.all(rest.map(count))).toEqual(['2', '2', '3', '2']);
  expect(await countAll()).toEqual(kept);
  const { text } = await young.metrics.scrape();
  expect(text).toContain('quittance_retention_cleaned_total{kind="transactions"} 9');
  for (const kind of ['transactions', 'accounts_holds', 'points_holds', 'attempts', 'bodies'])
    expect([kind, new RegExp(`retention_oldest_seconds{kind="${kind}"} [1-9]`).test(text)]).toEqual([
      kind,
      kind !== 'points_holds',
    ]);
  await world.mustBeSound();
});

it('leaves what people ask for: orders, events, notifications, entries, vouchers, and who has to look', async () => {
  const { order, receipt, gid } = paid['whole']!;
  expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'paid' });
  const { data: events } = await world.v1(merchant, 'get', '/events?limit=100');
  expect(events.map((one: Json) => one.data.id)).toContain(order.id);
  const { data: notifications } = await world.v1(merchant, 'get', `/orders/${order.id}/notifications`);
  expect(notifications).toMatchObject([{ status: 'delivered', attempts: [] }]);
  await expect(world.admin('get', `/transactions/gtx_${gid}`)).rejects.toThrow(/404/);
  const { items, pending } = await world.admin('get', `/receipts/rcp_${receipt}/timeline`);
  const kinds = new Set(items.map((one: Json) => one.kind));
  expect([...kinds].filter((kind) => /^(transaction|hold|voucher_req|order_claimed)/.test(String(kind)))).toEqual([]);
  for (const kind of ['receipt_received', 'order_paid', 'receipt_settled', 'entry_posted', 'voucher_posted'])
    expect([...kinds]).toContain(kind);
  expect(items.filter((one: Json) => one.kind === 'entry_posted')).toHaveLength(4);
  expect(pending).toEqual([]);
});

it('is not needed by a bank that repeats itself after a year', async () => {
  const before = await world.balance(merchant);
  for (const one of Object.values(paid)) expect([200, 204]).toContain(await one.repeat());
  expect(await world.balance(merchant)).toBe(before);
  expect(await countAll()).toEqual(kept);
  expect(await count('orders.global_transactions')).toBe('2');
  await world.mustBeSound();
});

it('is not needed to tell a merchant again', async () => {
  const [told] = (await world.v1(merchant, 'get', `/orders/${paid['whole']!.order.id}/notifications`)).data;
  const heard = server.received.length;
  await world.v1(merchant, 'post', `/notifications/${told.id}/resend`);
  await young.wired.notifier.handle([told.id.slice(4)]);
  await young.wired.notifier.settled();
  await world.quiet();
  expect(server.received).toHaveLength(heard + 1);
  const [again] = (await world.v1(merchant, 'get', `/orders/${paid['whole']!.order.id}/notifications`)).data;
  expect(again).toMatchObject({ status: 'delivered', attempts: [{ number: 2, status: 'succeeded' }] });
  await world.mustBeSound();
});

it('meets a Try that is a year late as late, a Cancel without effect, and no Confirm', async () => {
  const { gid } = paid['whole']!;
  for (const schema of ['accounts', 'points'] as const) {
    const participant = createParticipant({ db: world.test.databases[schema], ids: createIds(systemClock) });
    const [account] = await sql(`select code from ${schema}.accounts where status = 'open' order by id limit 1`);
    const legs = [{ account: account.code, direction: 'in', amount: '10' } as const];
    expect(await participant.try([{ gid, branch: 'fund', legs }])).toEqual([{ kind: 'late' }]);
    expect(await sql(`select 1 from ${schema}.holds where gid = $1`, [gid])).toEqual([]);
    expect(await participant.confirm([{ gid, branch: 'fund' }])).toEqual([{ kind: 'impossible', found: 'absent' }]);
    expect(await participant.cancel([{ gid, branch: 'fund' }])).toEqual([{ kind: 'cancelled' }]);
    const fresh = createIds(systemClock).next<'transaction'>();
    expect(await participant.try([{ gid: fresh, branch: 'fund', legs }])).toEqual([{ kind: 'held' }]);
    await participant.cancel([{ gid: fresh, branch: 'fund' }]);
    await sql(`delete from ${schema}.holds where gid = $1`, [fresh]);
  }
  await world.mustBeSound();
});

describe('what is broken is still found', () => {
  const violated = async (): Promise<number[]> => {
    const report = await runAudit({
      databases: world.test.databases,
      sealer: createSealer([world.masterKey]),
      patienceMs: 0,
      pauseMs: 1,
    });
    return report.guarantees.filter((one) => one.count > 0).map((one) => one.number);
  };
  const tampering = (schema: string, text: string): string[] => [
    `alter table ${schema}.entries disable trigger entries_append_only`,
    text,
    `alter table ${schema}.entries enable trigger entries_append_only`,
  ];

  it.each([
    [
      'a receipt whose transaction nobody has cleaned',
      [1, 3, 6, 9],
      () => [`update orders.receipts set gid = null where id = '${paid['refused']!.receipt}'`],
      () => [`update orders.receipts set gid = '${paid['refused']!.gid}' where id = '${paid['refused']!.receipt}'`],
    ],
    [
      'a receipt that is not settled without its transaction',
      [1, 3, 6, 9],
      () => [`update orders.receipts set status = 'decided' where id = '${paid['late']!.receipt}'`],
      () => [`update orders.receipts set status = 'settled' where id = '${paid['late']!.receipt}'`],
    ],
    [
      'an entry that is not the leg it was',
      [7],
      () => tampering('accounts', `update accounts.entries set branch = 'other' where gid = '${paid['whole']!.gid}'`),
      () => tampering('accounts', `update accounts.entries set branch = 'fund' where gid = '${paid['whole']!.gid}'`),
    ],
    [
      'points that are gone from under their voucher',
      [7],
      () => tampering('points', `update points.entries set branch = 'other' where gid = '${paid['whole']!.gid}'`),
      () => tampering('points', `update points.entries set branch = 'points' where gid = '${paid['whole']!.gid}'`),
    ],
    [
      'more money than arrived',
      [1, 6],
      () => [`update orders.receipts set amount = amount + 1 where id = '${paid['whole']!.receipt}'`],
      () => [`update orders.receipts set amount = amount - 1 where id = '${paid['whole']!.receipt}'`],
    ],
    [
      'a body that somebody has still to read',
      [3],
      () => [
        'create table orders.aside as select * from orders.callback_bodies where for_a_person',
        'delete from orders.callback_bodies where for_a_person',
      ],
      () => ['insert into orders.callback_bodies select * from orders.aside', 'drop table orders.aside'],
    ],
    [
      'attempts that are gone and were not cleaned',
      [8],
      () => [`update orders.notifications set attempts_cleaned = 0 where attempts_cleaned > 0 and attempts = 1`],
      () => [
        `update orders.notifications set attempts_cleaned = 1 where attempts_cleaned = 0 and ended_at < now() - interval '1 year' and attempts = 1
                and not exists (select from orders.notification_attempts a where a.notification_id = id)`,
      ],
    ],
    [
      'an open hold of a transaction that was cleaned',
      [4],
      () => [`insert into accounts.holds (gid, branch, status) values ('${paid['whole']!.gid}', 'again', 'held')`],
      () => [`delete from accounts.holds where branch = 'again'`],
    ],
  ] as const)('%s', async (_, guarantees, breaking, mending) => {
    for (const text of breaking()) await sql(text);
    const found = await violated();
    for (const text of mending()) await sql(text);
    expect([found, await violated()]).toEqual([guarantees, []]);
  });
});

describe('a look where nothing is due', () => {
  beforeAll(() => sweep());
  const READS = [
    ['orders', 'transactions', OLD_TRANSACTIONS],
    ['orders', 'attempts', OLD_ATTEMPTS],
    ['orders', 'bodies', OLD_BODIES],
    ['accounts', 'holds', endedHoldsStatements('accounts').old],
    ['points', 'holds', endedHoldsStatements('points').old],
  ] as const;

  it.each(READS)('%s: at %s reads an index, and no row', async (schema, name, read) => {
    const plan = await inTransaction(world.test.databases[schema], 'test', async (tx) => {
      const run = (text: string) => tx.query<{ 'QUERY PLAN': string }>(statement('', text));
      await run('set local plan_cache_mode = force_generic_plan');
      await run(`prepare look_${name} as ${read.text}`);
      const rows = await run(`explain (analyze, costs off, timing off, summary off)
        execute look_${name} (600, '00000000-0000-0000-0000-000000000000', 1000)`);
      await run(`deallocate look_${name}`);
      return rows.map((row) => row['QUERY PLAN']);
    });
    const text = plan.join('\n');
    expect(text).toMatch(/Index Cond: .*<.*InitPlan/);
    expect(text).not.toMatch(/Seq Scan|Rows Removed/);
    expect(plan.filter((one) => /Index.* Scan .*actual rows=(?!0)/.test(one))).toEqual([]);
  });
});
