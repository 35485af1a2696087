import fc from 'fast-check';
import { type LedgerEntryRow, ledgerStatementStore } from '../../src/accounting/ledger-statement-store';
import { placeOf } from '../../src/accounting/ledger-statement';
import { createCheckpointSweep } from '../../src/accounting/make-checkpoint';
import { type PartyKey, type Place, pastBalancesStore } from '../../src/accounting/past-balances-store';
import { verifyChain } from '../../src/accounting/verify-chain';
import { type Tx, inTransaction } from '../../src/consistency/transaction';
import { type BooksWorld, booksWorld } from '../support/books-world';
import { pagesRead } from '../support/pages-read';
import { monthsSince } from '../support/past-months';
import { DEFAULT_SEED } from '../support/property-seed';

const END_OF_LINK = { position: 2_147_483_647, line: 2_147_483_647 };

let books: BooksWorld;
beforeEach(async () => {
  books = await booksWorld();
});
afterEach(() => books.world.close());

const db = () => books.world.databases.accounting;
const reading = <R>(work: (tx: Tx<'accounting'>) => Promise<R>): Promise<R> => inTransaction(db(), 'test.read', work);

describe('the lines of a party', () => {
  /** Every line with the link of its voucher, in the order of the chain, without the index and the column that the service reads by. */
  const allLines = (): Promise<(PartyKey & LedgerEntryRow)[]> =>
    books.sql(`select p.account, p.party, p.currency, v.link_number, v.position, p.line, p.voucher_id, p.debit, p.credit
                 from accounting.vouchers v join accounting.postings p on p.voucher_id = v.id
                order by v.link_number, v.position, p.line`);
  const nameOf = ({ account, party, currency }: PartyKey): string => `${account} ${party} ${currency}`;
  const idOf = (row: Pick<LedgerEntryRow, 'voucher_id' | 'line'>): string => `${row.voucher_id} ${row.line}`;

  const voucher = fc.record(
    {
      channel: fc.constantFrom('cards', 'wires', 'qr'),
      gross: fc.constantFrom('5.00', '7.50'),
      currency: fc.constantFrom('USD', 'EUR'),
    },
    { requiredKeys: ['channel', 'currency'] },
  );
  const link = fc.record({
    vouchers: fc.array(voucher, { minLength: 1, maxLength: 4 }),
    checkpoint: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  });

  it('and their sums are those of its vouchers, from every place to every other, whatever checkpoints there are', async () => {
    const seed = DEFAULT_SEED === undefined ? {} : { seed: DEFAULT_SEED };
    for (const { vouchers, checkpoint } of fc.sample(link, { numRuns: 30, ...seed })) {
      await books.post(vouchers);
      if (checkpoint !== undefined) await createCheckpointSweep({ db: db(), vouchers: checkpoint })();
    }
    const lines = await allLines();
    const head = lines.at(-1)!.link_number;
    const start: Place = { link: '0', ...END_OF_LINK };
    for (const key of new Map(lines.map((line) => [nameOf(line), line])).values()) {
      const own = lines.filter((line) => nameOf(line) === nameOf(key));
      const sum = (side: 'debit' | 'credit', count: number): number =>
        own.slice(0, count).reduce((total, line) => total + Math.round(Number(line[side]) * 100), 0);
      const places = [start, ...own.map((line) => placeOf(line))];
      for (const [index, after] of places.entries()) {
        const upToLink = places[Math.min(index + 5, own.length)]!.link;
        const inPeriod = own.slice(index).filter((line) => BigInt(line.link_number) <= BigInt(upToLink));
        for (const limit of [1, 3, 100]) {
          const rows = await reading((tx) => ledgerStatementStore.entries(tx, key, { after, upToLink }, limit));
          expect(rows.map(idOf)).toEqual(inPeriod.slice(0, limit).map(idOf));
        }
        const at = await reading((tx) => pastBalancesStore.atPlace(tx, key, after));
        const cents = [at.debit, at.credit].map((amount) => Math.round(Number(amount) * 100));
        expect(cents).toEqual([sum('debit', index), sum('credit', index)]);
      }
      const none = await reading((tx) =>
        ledgerStatementStore.entries(tx, key, { after: places.at(-1)!, upToLink: head }, 9),
      );
      expect(none).toEqual([]);
    }
    expect(await verifyChain(db(), books.sealer)).toMatchObject({ broken: undefined });
  });

  const KEY: PartyKey = { account: '1100', party: 'own', currency: 'USD' };
  const PER_LINK = 20;

  /** So many vouchers over so many months until now, a quarter of them of the party, as they would have been posted. */
  const fill = async ({ vouchers, months }: { readonly vouchers: number; readonly months: number }): Promise<void> => {
    const since = new Date(Date.now() - months * 30 * 86_400_000).toISOString();
    await monthsSince((text) => books.sql(text), 'accounting.postings', since);
    await books.tamper(`
      create temporary table filled as
        select n, link, (n - 1) % ${PER_LINK} + 1 as position, at,
               (left(accounting.first_key(at)::text, 24) || lpad(to_hex(n), 12, '0'))::uuid as id
          from generate_series(1, ${vouchers}) n
         cross join lateral (select (n - 1) / ${PER_LINK} + 1 as link) l
         cross join lateral (
           select timestamptz '${since}' + link * (now() - timestamptz '${since}') / ${vouchers / PER_LINK} as at) t;
      insert into accounting.links (number, previous_hash, hash, vouchers, key_id, signature, created_at)
        select link, 'hash ' || link - 1, 'hash ' || link, ${PER_LINK}, 'none', 'none', at from filled group by link, at;
      insert into accounting.vouchers (link_number, posted_at, id, position, kind, event_key, description, content_hash, lines, occurred_at)
        select link, at, id, position, 'receipt_settled', n, 'filled', 'none', 2, at from filled;
      insert into accounting.postings (voucher_id, line, account, party, currency, debit, credit, link_number)
        select id, 1, '1100', case when n % 4 = 0 then 'own' else 'other' end, 'USD', 10, 0, link from filled
        union all select id, 2, '2100', 'shop', 'USD', 0, 10, link from filled;
      drop table filled`);
    const sweep = createCheckpointSweep({ db: db(), vouchers: 1_000 });
    while ((await sweep()) > 0);
    for (const table of ['postings', 'vouchers', 'checkpoint_balances'])
      await books.sql(`vacuum (analyze) accounting.${table}`);
  };
  /** What a statement over five links in the middle reads, which begins 30 links behind a checkpoint. */
  const pages = (vouchers: number): Promise<number> => {
    const begin = vouchers / PER_LINK / 2 + 30;
    const [after, end] = [begin, begin + 5].map((link) => ({ link: String(link), ...END_OF_LINK }));
    return pagesRead<'accounting'>(books.world.urls.accounting, async (tx) => {
      await pastBalancesStore.atPlace(tx, KEY, after!);
      await pastBalancesStore.atPlace(tx, KEY, end!);
      await ledgerStatementStore.entries(tx, KEY, { after: after!, upToLink: end!.link }, 51);
    });
  };

  it('cost what those of the period cost, however many more there are before it and after it, in however many months', async () => {
    await fill({ vouchers: 4_000, months: 4 });
    const few = await pages(4_000);
    await books.world.close();
    books = await booksWorld();
    await fill({ vouchers: 40_000, months: 40 });
    const many = await pages(40_000);
    // Trees that are deeper by a level, and a period that may lie in two months.
    expect(many).toBeLessThan(1.25 * few);
    for (let link = 0; link <= 2_000; link += 77) {
      const after = { link: String(link), ...END_OF_LINK };
      const at = await reading((tx) => pastBalancesStore.atPlace(tx, KEY, after));
      const rows = await reading((tx) => ledgerStatementStore.entries(tx, KEY, { after, upToLink: '2000' }, 51));
      const upTo = Math.min(link + 11, 2_000);
      expect([Number(at.debit), rows[0]?.link_number, rows.at(-1)?.link_number]).toEqual(
        link === 2_000 ? [100_000, undefined, undefined] : [link * 50, String(link + 1), String(upTo)],
      );
    }
  });

  it('are refused under another link than that of their voucher', async () => {
    await books.post([{}]);
    await books.post([{}]);
    await books.tamper('delete from accounting.postings');
    const insert = (link: string): Promise<object[]> =>
      books.sql(`insert into accounting.postings (voucher_id, line, account, party, currency, debit, credit, link_number)
                 select v.id, l.line, '1100', '', 'USD', l.debit, l.credit, ${link} from accounting.vouchers v,
                        (values (1, 0, 5), (2, 3, 0), (3, 2, 0)) l(line, debit, credit)`);
    await expect(insert('1')).rejects.toThrow(/lies under another link than its lines/);
    await expect(insert('2')).rejects.toThrow(/lies under another link than its lines/);
    await expect(insert('case l.line when 1 then 3 - v.link_number else v.link_number end')).rejects.toThrow(
      /another link/,
    );
    await expect(insert('null')).rejects.toThrow(/not-null/);
    await insert('v.link_number');
  });

  it('get the link of their voucher also from a process of the version before, which does not name it', async () => {
    await books.post([{}]);
    // One message is one transaction.
    await books.sql(`
      insert into accounting.links (number, previous_hash, hash, vouchers, key_id, signature, created_at)
        select number + 1, hash, 'h', 1, key_id, signature, created_at + interval '1 second' from accounting.links;
      insert into accounting.vouchers
        (link_number, posted_at, id, position, kind, event_key, description, content_hash, lines, occurred_at)
        select 2, posted_at + interval '1 second', '${books.ids.next()}', 1, kind, 'of before', description, 'c', 2, occurred_at
          from accounting.vouchers;
      insert into accounting.postings (voucher_id, line, account, party, currency, debit, credit)
        select id, line, '1100', 'cards', 'USD', 7 - 7 * (line - 1), 7 * (line - 1)
          from accounting.vouchers, (values (1), (2)) l(line) where link_number = 2`);
    expect(await books.sql('select link_number, count(*) from accounting.postings group by 1 order by 1')).toEqual([
      { link_number: '1', count: '3' },
      { link_number: '2', count: '2' },
    ]);
  });
});
