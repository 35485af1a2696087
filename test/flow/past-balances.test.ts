import { createCheckpointSweep } from '../../src/accounting/make-checkpoint';
import { readPartyBalances, readTrialBalance } from '../../src/accounting/trial-balance';
import { verifyChain } from '../../src/accounting/verify-chain';
import { type BooksWorld, booksWorld } from '../support/books-world';

const FIRST = { account: '', party: '', currency: '' };

describe('balances of the books at a past instant', () => {
  let books: BooksWorld;
  beforeEach(async () => {
    books = await booksWorld();
  });
  afterEach(async () => {
    expect(await verifyChain(books.world.databases.accounting, books.sealer)).toMatchObject({ broken: undefined });
    await books.world.close();
  });

  const db = () => books.world.databases.accounting;
  const checkpoint = (vouchers: number) => createCheckpointSweep({ db: db(), vouchers })();

  /** account, currency, debit, credit */
  const trial = async (at?: string, by?: 'posted_at' | 'occurred_at'): Promise<string[]> =>
    (await readTrialBalance(db(), { at, by })).lines.map(
      ({ account, debit, credit }) => `${account} ${debit.currency} ${debit.toString()} ${credit.toString()}`,
    );
  const parties = async (at: string, limit: number): Promise<string[]> => {
    const all: string[] = [];
    for (let after = FIRST; ;) {
      const { sums } = await readPartyBalances(db(), { at, accounts: undefined, party: undefined }, { after, limit });
      all.push(
        ...sums.map((sum) => `${sum.account} ${sum.party} ${sum.currency} ${Number(sum.debit)} ${Number(sum.credit)}`),
      );
      if (sums.length < limit) return all;
      after = sums.at(-1)!;
    }
  };
  /** The same straight from the rows, by the time that a column has. */
  const fromRows = async (at: string, column: 'posted_at' | 'occurred_at' = 'posted_at'): Promise<string[]> =>
    lines(`
      select account || ' ' || currency || ' ' || to_char(sum(debit), 'FM999999990.00') || ' ' ||
             to_char(sum(credit), 'FM999999990.00') as line
        from accounting.postings p join accounting.vouchers v on v.id = p.voucher_id
       where v.${column} <= '${at}' group by account, currency order by account, currency`);
  const partiesFromRows = (at: string): Promise<string[]> =>
    lines(`
      select account || ' ' || party || ' ' || currency || ' ' || sum(debit)::float8 || ' ' || sum(credit)::float8 as line
        from accounting.postings p join accounting.vouchers v on v.id = p.voucher_id
       where v.posted_at <= '${at}' group by account, party, currency order by account, party, currency`);
  const lines = async (text: string): Promise<string[]> =>
    (await books.sql<{ line: string }>(text)).map((row) => row.line);

  it('are those of the rows that were posted by then, with checkpoints and without', async () => {
    const instants: string[] = [await books.now()];
    for (let round = 0; round < 12; round += 1) {
      const channel = `channel ${round % 5}`;
      await books.post([{ channel }, { channel: 'wires', currency: 'EUR', gross: '5.00', pointsValue: '0.10' }]);
      instants.push(await books.now());
      if (round % 3 === 2) expect(await checkpoint(6)).toBe(1);
      expect(await checkpoint(6)).toBe(0);
    }
    for (const at of instants) {
      expect(await trial(at)).toEqual(await fromRows(at));
      const each = await partiesFromRows(at);
      expect(await parties(at, 100)).toEqual(each);
      expect(await parties(at, 1)).toEqual(each);
      expect(await parties(at, 3)).toEqual(each);
    }
    expect(await trial()).toEqual(await fromRows(instants.at(-1)!));
    const one = await readPartyBalances(
      db(),
      { at: instants[5]!, accounts: ['1100'], party: 'wires' },
      { after: FIRST, limit: 9 },
    );
    expect(one.sums.map(({ party, currency, debit }) => [party, currency, Number(debit)])).toEqual([
      ['wires', 'EUR', 25],
    ]);
  });

  it('never change, however much is posted and whatever checkpoints are made meanwhile', async () => {
    const told: { at: string; lines: string[] }[] = [];
    const load = { posting: true };
    const posters = [1, 2, 3].map(async (poster) => {
      while (load.posting) await books.post([{ channel: `p${poster}` }, { currency: 'EUR', gross: '5.00' }]);
    });
    const checkpoints = (async () => {
      while (load.posting) await checkpoint(10);
    })();
    while (told.length < 60) {
      const at = await books.now();
      told.push({ at, lines: await trial(at) });
    }
    load.posting = false;
    await Promise.all([...posters, checkpoints]);
    for (const { at, lines } of told) expect(await trial(at)).toEqual(lines);
    expect(new Set(told.map(({ lines }) => lines.join())).size).toBeGreaterThan(5);
  });

  it('wait for whoever is posting just then', async () => {
    const { knex } = db();
    const posting = await knex.transaction();
    await posting.raw(`select pg_advisory_xact_lock(hashtextextended('quittance books chain', 0))`);
    const at = await books.now();
    const read = trial(at);
    let waiting = false;
    for (const deadline = Date.now() + 60_000; !waiting && Date.now() < deadline;) {
      // Locks of the whole server are listed there, and other tests wait for some, too.
      const sql = `select 1 from pg_locks l join pg_database d on d.oid = l.database
                    where d.datname = current_database() and locktype = 'advisory' and not granted`;
      waiting = (await books.sql(sql)).length > 0;
    }
    await posting.rollback();
    expect([waiting, await read]).toEqual([true, []]);
  });

  it('stay true when the clock of the database steps back: the next link is posted after what was told', async () => {
    await books.post([{}]);
    // An hour ahead is where the clock stood before it stepped back.
    await books.sql(`update accounting.horizon set instant = clock_timestamp() + interval '1 hour'`);
    await books.post([{}]);
    await books.post([{}]);
    const rows = await books.sql<{ after_horizon: boolean; rises: boolean }>(`
      select created_at > (select instant from accounting.horizon) as after_horizon,
             created_at > lag(created_at, 1, '-infinity') over (order by number) as rises
        from accounting.links order by number`);
    expect(rows.map((row) => row.after_horizon)).toEqual([false, true, true]);
    expect(rows.every((row) => row.rises)).toBe(true);
  });

  it('by value time count what had happened by then, whenever it was posted', async () => {
    const early = '2026-11-01T00:00:00.000Z';
    const late = '2026-11-10T00:00:00.000Z';
    for (const occurredAt of [late, early, late, early])
      await books.post([{ occurredAt }, { occurredAt: late, currency: 'EUR', gross: '5.00' }]);
    await checkpoint(4);
    const at = '2026-11-05T00:00:00Z';
    expect(await trial(at, 'occurred_at')).toEqual(await fromRows(at, 'occurred_at'));
    expect(await trial(at, 'occurred_at')).toEqual([
      '1100 USD 200.00 0.00',
      '2100 USD 0.00 194.20',
      '4100 USD 0.00 5.80',
    ]);
    expect(await trial(undefined, 'occurred_at')).toEqual(await trial());
    const { sums } = await readPartyBalances(
      db(),
      { at, by: 'occurred_at', accounts: undefined, party: undefined },
      { after: FIRST, limit: 2 },
    );
    expect(sums.map(({ account }) => account)).toEqual(['1100', '2100']);
  });

  it('are refused for the future', async () => {
    await expect(readTrialBalance(db(), { at: '2199-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
