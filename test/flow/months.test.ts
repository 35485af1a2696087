import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { MONTHLY, type MonthlyTable, monthsSince, withoutMonths } from '../support/past-months';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

const TABLES = Object.keys(MONTHLY) as MonthlyTable[];
const DAY_MS = 86_400_000;

let world: World;
let merchant: Merchant;
let channel: Channel;
const sql = (text: string, values: readonly unknown[] = []): Promise<Json[]> => world.query(text, values);

interface Month {
  readonly partition: string;
  readonly lower: string | null;
  readonly upper: string | null;
  readonly is_default: boolean;
}
const schemaOf = (table: string): string => table.split('.')[0]!;
const months = (table: MonthlyTable, from: World = world): Promise<Month[]> =>
  from.query(`select partition::text, lower, upper, is_default from ${schemaOf(table)}.months('${table}')`);
const names = async (table: MonthlyTable, from: World = world): Promise<string[]> =>
  (await months(table, from)).map((one) => one.partition);
const make = async (from: World = world): Promise<void> => {
  for (const one of from.wired.sweeps.filter(({ name }) => name.startsWith('months of'))) await one.run();
};
const pay = async (from: World = world, payee: Merchant = merchant, by: Channel = channel): Promise<void> => {
  const callback = by.bank.paid(from.payment(by, await from.order(payee)));
  expect([200, 204]).toContain((await from.send(by, callback)).status);
  await from.quiet();
};
const inPartitions = async (table: MonthlyTable, from: World = world): Promise<Record<string, string>> => {
  const rows = await from.query<Json>(`select tableoid::regclass::text as name, count(*) from ${table} group by 1`);
  return Object.fromEntries(rows.map(({ name, count }) => [name.replace(table, ''), count]));
};
/** "_p2026_11" so many months after the present one, in UTC. */
const suffix = (after: number): string => {
  const now = new Date();
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + after, 1));
  return `_p${first.toISOString().slice(0, 7).replace('-', '_')}`;
};
const THIS_MONTH = suffix(0);

beforeAll(async () => {
  world = await startWorld();
  [merchant, channel] = [await world.merchant(), await world.channel()];
});
afterAll(() => world.stop());
afterEach(() => world.mustBeSound());

it('are there for the present month and two after it, besides what was before and a spare one', async () => {
  for (const table of TABLES)
    expect(await names(table)).toEqual(
      ['_before', THIS_MONTH, suffix(1), suffix(2), '_default'].map((end) => `${table}${end}`),
    );
  await make();
  for (const table of TABLES) expect(await names(table)).toHaveLength(5);
});

it('follow each other without a gap, from the first moment of a month to the last', async () => {
  for (const table of TABLES) {
    const [before, ...rest] = (await months(table)).filter((one) => !one.is_default);
    expect(before!.lower).toBeNull();
    expect(rest.map((one) => one.lower)).toEqual([before!, ...rest].slice(0, -1).map((one) => one.upper));
  }
});

it('take a row by the time of its key, at the end of a month and at the start of the next', async () => {
  const [next] = (await months('orders.callback_bodies_timed')).filter((one) => one.partition.endsWith(suffix(1)));
  const start = Number.parseInt(next!.lower!.replaceAll('-', '').slice(0, 12), 16);
  expect(new Date(start).toISOString()).toMatch(/-01T00:00:00.000Z$/);
  const keys = [start - 1, start].map((ms) =>
    createIds({ ...systemClock, now: () => new Date(ms) }).next<'callback'>(),
  );
  for (const key of keys)
    await sql(`insert into orders.callback_bodies (for_a_person, id, body) values (false, $1, 'x')`, [key]);
  const lie = await sql(
    'select tableoid::regclass::text as name from orders.callback_bodies where id = any($1) order by id',
    [keys],
  );
  expect(lie.map(({ name }) => name)).toEqual(
    [THIS_MONTH, suffix(1)].map((end) => `orders.callback_bodies_timed${end}`),
  );
  await sql('delete from orders.callback_bodies where id = any($1)', [keys]);
});

it('refuse what the table refuses, whoever names them: no posting is changed, and none added to a voucher', async () => {
  await pay();
  for (const partition of await names('accounting.postings'))
    for (const change of [`update ${partition} set line = line`, `delete from ${partition}`, `truncate ${partition}`])
      await expect(sql(change)).rejects.toThrow(/append-only/);
  const more = (amount: string): string => `
    insert into accounting.postings${THIS_MONTH} (voucher_id, line, account, party, currency, debit, credit)
    select voucher_id, line + 100, account, party, currency, debit * ${amount}, credit * ${amount} from accounting.postings`;
  await expect(sql(`${more('2')} where debit > 0`)).rejects.toThrow(/does not balance/);
  await expect(sql(more('1'))).rejects.toThrow(/other lines than it says/);
});

it('are missed by the audit where one lets itself be changed', async () => {
  const partition = `accounting.postings${suffix(2)}`;
  await sql(`alter table ${partition} disable trigger postings_append_only`);
  await expect(world.mustBeSound()).rejects.toThrow(`${partition} postings_append_only`);
  await sql(`alter table ${partition} enable trigger postings_append_only`);
});

describe('months that are missing', () => {
  let late: World;
  const since = new Date(Date.now() - 70 * DAY_MS);
  beforeAll(async () => {
    late = await startWorld();
    for (const table of TABLES) await withoutMonths((text) => late.query(text), table, since.toISOString());
  });
  afterAll(() => late.stop());

  it('hurt nobody: what came in meanwhile becomes a month as it is', async () => {
    const [payee, bank] = [await late.merchant(), await late.channel()];
    const payLate = (): Promise<void> => pay(late, payee, bank);
    await payLate();
    for (const table of TABLES) {
      expect(await names(table, late)).toEqual([`${table}_before`, `${table}_default`]);
      expect(Object.keys(await inPartitions(table, late))).toEqual(['_default']);
    }
    const posted = await late.query('select * from accounting.postings order by voucher_id, line');
    await late.mustBeSound();
    await make(late);
    for (const table of TABLES) {
      const made = (await names(table, late)).map((name) => name.replace(table, ''));
      expect(made.slice(0, 2)).toEqual(['_before', `_p${since.toISOString().slice(0, 7).replace('-', '_')}`]);
      expect(made.slice(-4)).toEqual([THIS_MONTH, suffix(1), suffix(2), '_default']);
      expect(Object.keys(await inPartitions(table, late))).toEqual([THIS_MONTH]);
    }
    expect(await late.query('select * from accounting.postings order by voucher_id, line')).toEqual(posted);
    await payLate();
    for (const table of TABLES) expect(Object.keys(await inPartitions(table, late))).toEqual([THIS_MONTH]);
    await late.mustBeSound();
  });
});

describe('a month whose bodies have served their time', () => {
  const AGED_DAYS = 500;
  const SINCE = new Date(Date.now() - (AGED_DAYS + 40) * DAY_MS).toISOString();
  let aged: World;
  const ask = (text: string, values: readonly unknown[] = []): Promise<Json[]> => aged.query(text, values);
  const retain = async (): Promise<void> => {
    for (const one of aged.wired.sweeps.filter(({ name }) => name === 'retention of bodies'))
      while ((await one.run()) > 0);
  };
  const rows = async (): Promise<string[]> =>
    (await ask(`select tableoid::regclass::text as name from orders.callback_bodies group by 1 order by 1`)).map(
      ({ name }) => name.replace('orders.callback_bodies_', ''),
    );
  const partitions = async (): Promise<string[]> =>
    (await ask(`select partition::text as name from orders.months('orders.callback_bodies_timed')`)).map(
      ({ name }) => name,
    );

  beforeAll(async () => {
    aged = await startWorld({ clock: { ...systemClock, now: () => new Date(Date.now() - AGED_DAYS * DAY_MS) } });
    await monthsSince((text) => ask(text), 'orders.callback_bodies_timed', SINCE);
    const [payee, bank] = [await aged.merchant(), await aged.channel()];
    for (let paid = 0; paid < 3; paid += 1) {
      const at = new Date(Date.now() - AGED_DAYS * DAY_MS);
      await aged.send(bank, bank.bank.paid(aged.payment(bank, await aged.order(payee), { at })));
    }
    await aged.quiet();
    const back = (column: string): string => `${column} = ${column} - interval '${AGED_DAYS} days'`;
    await ask(`update orders.callback_bodies set ${back('stored_at')}`);
  });
  afterAll(() => aged.stop());

  it('stays while one of them is needed, and the others are deleted row by row', async () => {
    const [month] = await rows();
    await ask(`insert into orders.incidents (id, kind, subject, facts, receipt_id, status)
               select gen_random_uuid(), 'account_refused', 'test', '{}', id, 'open' from orders.receipts order by id limit 1`);
    await retain();
    expect(await rows()).toEqual([month]);
    expect(await ask('select count(*) from orders.callback_bodies')).toEqual([{ count: '1' }]);
    await ask(`delete from orders.incidents where subject = 'test'`);
  });

  it('is dropped as a whole, and the audit knows that its bodies have had their time', async () => {
    const [month] = await rows();
    const there = await partitions();
    await retain();
    expect(await rows()).toEqual([]);
    const left = await partitions();
    expect(there).toContain(`orders.callback_bodies_${month!}`);
    expect(left).not.toContain(`orders.callback_bodies_${month!}`);
    // Those after it are too young, however empty they are; those before it went with it.
    expect(left.length).toBeGreaterThan(12);
    expect(await ask(`select cleaned from orders.retention_marks where kind = 'bodies'`)).toEqual([{ cleaned: '3' }]);
    await aged.mustBeSound();
  });
});
