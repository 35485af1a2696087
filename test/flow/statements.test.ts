import type { Response } from 'supertest';
import { createAccountHistory } from '../../src/balances/past-balance';
import { createParticipant } from '../../src/balances/participant';
import { systemClock } from '../../src/core/clock';
import { type AccountId, createIds } from '../../src/core/ids';
import { Exact } from '../../src/core/money';
import { cases as books } from '../contract/accounting.cases';
import { cases as accounts } from '../contract/statements.cases';
import { asMerchant, asOperator } from '../contract/books-calls';
import { type TestDatabases, testDatabases } from '../support/databases';
import { type Json, type World, startWorld } from '../support/world';

describe('the past of a fund account', () => {
  let test: TestDatabases;
  beforeEach(async () => {
    test = await testDatabases();
  });
  afterEach(() => test.close());

  const ids = createIds(systemClock);
  const credit = (account: string, amount: string) => ({
    account,
    direction: 'in' as const,
    amount,
    opens: { kind: 'merchant', owner: 'shop', unit: 'USD' },
  });
  const now = async (): Promise<string> => {
    const { rows } = await test.databases.accounts.knex.raw<{ rows: { now: string }[] }>(
      `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`,
    );
    return rows[0]!.now;
  };
  const move = async (count: number, amount = '1.00'): Promise<void> => {
    const participant = createParticipant({ db: test.databases.accounts, ids });
    const keys = Array.from({ length: count }, () => ({ gid: ids.next<'transaction'>(), branch: 'fund' }));
    await participant.try(keys.map((key) => ({ ...key, legs: [credit('merchant/shop/USD', amount)] })));
    await participant.confirm(keys);
  };
  const accountId = async (): Promise<AccountId> => {
    const { rows } = await test.databases.accounts.knex.raw<{ rows: { id: AccountId }[] }>(
      'select id from accounts.accounts',
    );
    return rows[0]!.id;
  };

  it('is that of the last entry by then, for every instant at which something happened', async () => {
    for (let round = 0; round < 8; round += 1) await move(1 + (round % 4) * 7);
    const id = await accountId();
    const history = createAccountHistory({ db: test.databases.accounts });
    const { rows } = await test.databases.accounts.knex.raw<{ rows: { at: string; number: string }[] }>(
      `select to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
              (select max(number) from accounts.entries where created_at <= t.at) as number
         from (select distinct created_at as at from accounts.entries) t`,
    );
    expect(rows.length).toBeGreaterThan(8);
    for (const { at, number } of rows) {
      const past = await history.balanceAt(id, at);
      expect([past.number, Number(past.balance)]).toEqual([number, Number(number)]);
    }
    expect(await history.balanceAt(id, '2020-01-01T00:00:00Z')).toMatchObject({ number: '0', balance: '0' });
    await expect(history.balanceAt(id, '2190-01-01T00:00:00Z')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('does not change afterwards, however much moves meanwhile', async () => {
    await move(1);
    const id = await accountId();
    const history = createAccountHistory({ db: test.databases.accounts });
    let moving = true;
    const movers = [1, 2, 3].map(async (size) => {
      while (moving) await move(size * 3);
    });
    const told: { at: string; balance: string }[] = [];
    while (told.length < 80) {
      const at = await now();
      told.push({ at, balance: (await history.balanceAt(id, at)).balance });
    }
    moving = false;
    await Promise.all(movers);
    for (const { at, balance } of told) expect((await history.balanceAt(id, at)).balance).toBe(balance);
    expect(new Set(told.map(({ balance }) => balance)).size).toBeGreaterThan(5);
  });

  it('in periods: opening balance and entries make the closing one, and one period follows the other', async () => {
    const cuts: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      await move(3, `${round + 1}.25`);
      cuts.push(await now());
    }
    const id = await accountId();
    const history = createAccountHistory({ db: test.databases.accounts });
    let closed = '0';
    for (const [index, to] of cuts.entries()) {
      const period = await history.period(id, cuts[index - 1], to);
      const entries = await history.entries(id, period, period.from?.number ?? '0', 100);
      const totals = await history.totals(id, period);
      const sum = entries.reduce((total, entry) => total.plus(entry.amount), new Exact(period.from?.balance ?? '0'));
      expect(sum.eq(period.to.balance)).toBe(true);
      expect(new Exact(totals.credit).minus(totals.debit).eq(new Exact(period.to.balance).minus(closed))).toBe(true);
      expect(entries).toHaveLength(3);
      closed = period.to.balance;
    }
    expect(Number(closed)).toBe(3 * (1.25 + 2.25 + 3.25 + 4.25 + 5.25));
    await expect(history.period(id, cuts[3], cuts[1])).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('the books and statements over the API', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(async () => {
    await world.mustBeSound();
    await world.stop();
  });

  it.each([...books, ...accounts].map((one) => [one.operation, one.about, one] as const))(
    '%s: %s',
    async (_, __, one) => {
      const answer = await one.call(world);
      expect([answer.status, answer.text]).toEqual([one.status, expect.any(String)]);
    },
  );

  const pages = async (call: (query: string) => PromiseLike<Response>, query: string): Promise<Json[]> => {
    const all: Json[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await call(`?limit=2${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      all.push(body);
      cursor = body.next_cursor;
    }
    return all;
  };

  it('a statement is the same in pages, as CSV, and of the books for the same merchant', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    for (let count = 0; count < 5; count += 1)
      await world.send(channel, world.paid(channel, await world.order(merchant)));
    await world.quiet();
    const { data } = await world.v1(merchant, 'get', '/accounts');
    const path = `/accounts/${data[0].id}/statement`;
    const fund = await pages((query) => asMerchant(world, merchant, path + query), '&from=2026-01-01');
    expect(fund).toHaveLength(3);
    expect(fund[0]).toMatchObject({
      opening_balance: '0.00',
      closing_balance: '500.00',
      totals: { debit: '0.00', credit: '500.00' },
      entries: 5,
    });
    const entries = fund.flatMap((page) => page.data);
    expect(entries.map((entry) => entry.balance_after)).toEqual(['100.00', '200.00', '300.00', '400.00', '500.00']);
    const csv = (await asMerchant(world, merchant, `${path}.csv`)).text.trim().split('\r\n');
    expect(csv).toHaveLength(8);
    expect(csv.at(-1)).toMatch(/,closing_balance,,,,USD,0\.00,500\.00,500\.00$/);

    const ledger = await pages(
      (query) => asOperator(world, `/ledger-accounts/2100/statement${query}`),
      `&currency=USD&party=mer_${merchant.id.replace('mer_', '')}`,
    );
    expect(ledger[0]).toMatchObject({
      opening_balance: '0.00',
      total_credit: '500.00',
      total_debit: '0.00',
      closing_balance: '500.00',
      normal_side: 'credit',
    });
    expect(ledger.flatMap((page) => page.data).map((entry) => entry.balance_after)).toEqual(
      entries.map((entry) => entry.balance_after),
    );
    const books = await asOperator(world, `/ledger-accounts/2100/statement.csv?currency=USD&party=${merchant.id}`);
    expect(books.headers['content-type']).toContain('text/csv');
    expect(books.text.trim().split('\r\n')).toHaveLength(8);
  });

  it.each([
    '/ledger-accounts/2100/statement?currency=usd',
    '/ledger-accounts/2100/statement?currency=USD&from=yesterday',
    '/ledger-accounts/2100/statement?currency=USD&from=0000-01-01',
    '/ledger-accounts/2100/statement?currency=USD&cursor=eyJhZnRlciI6IjIwMjYtMTMtMDFUMDA6MDA6MDAuMDAwMDAwWiAxIDEgMSJ9',
    '/ledger-accounts/2100/statement?currency=USD&cursor=eyJhZnRlciI6IngifQ',
    '/trial-balance?at=2026-11-21',
    '/trial-balance?at=2026-11-21T00:00:00.1234567Z',
    '/trial-balance?at=infinity',
    '/trial-balance?at=2026-11-21T00:00:00Z&at=2026-11-22T00:00:00Z',
    '/journal/export?format=hledger&from=2026-02-30',
    '/journal/export',
  ])('refuse %s', async (path) => {
    const answer = await asOperator(world, path);
    expect([answer.status, ['invalid_request', 'invalid_cursor'].includes(answer.body.code)]).toEqual([400, true]);
  });
});
