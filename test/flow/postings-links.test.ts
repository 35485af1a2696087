import knexModule, { type Knex } from 'knex';
import { despiteDeadlocks } from '../../db/deadlocks';
import { ledgerStatementStore } from '../../src/accounting/ledger-statement-store';
import { inTransaction } from '../../src/consistency/transaction';
import { migrateSchema, migrationConfig } from '../../src/database/migrations';
import { type BooksWorld, booksWorld } from '../support/books-world';
import { monthsSince } from '../support/past-months';

const DAY_MS = 86_400_000;
const STEPS = [
  '20261123000100_vouchers_keep_to_their_time',
  '20261123000101_postings_name_their_link',
  '20261123000102_postings_of_old_get_their_link',
  '20261123000103_postings_by_party_and_link',
];

/** The postings of a version that did not name links get them while that version is still at work. */
let books: BooksWorld;
let knex: Knex;
let links: number;
beforeEach(async () => {
  books = await booksWorld();
  knex = knexModule({
    ...{ client: 'pg', connection: books.world.urls.accounting, pool: { min: 0, max: 1 } },
    migrations: migrationConfig('accounting'),
  });
  links = 0;
  await monthsSince(
    (text) => books.sql(text),
    'accounting.postings',
    new Date(Date.now() - 100 * DAY_MS).toISOString(),
  );
});
afterEach(async () => {
  await knex.destroy();
  await books.world.close();
});

const migrateUp = () => migrateSchema('accounting', books.world.urls.accounting);
const stepsBack = async (count: number): Promise<void> => {
  for (let step = 0; step < count; step += 1) await knex.migrate.down();
};
const partitions = async (): Promise<string[]> =>
  (
    await books.sql<{ name: string }>(`select partition::text as name from accounting.months('accounting.postings')`)
  ).map(({ name }) => name);

/** Posts as the version before did: a link with two vouchers that were given their keys at one time and posted at another. */
const postAsBefore = async (keyMs: number, postedMs: number): Promise<void> => {
  links += 1;
  const [key, posted] = [keyMs, postedMs].map((ms) => `timestamptz '${new Date(ms).toISOString()}'`);
  const id = (nth: string): string =>
    `(left(accounting.first_key(${key!})::text, 24) || lpad(to_hex(${links * 10} + ${nth}), 12, '0'))::uuid`;
  // One message is one transaction.
  await books.sql(`
    insert into accounting.links (number, previous_hash, hash, vouchers, key_id, signature, created_at)
      values (${links}, 'hash ${links - 1}', 'hash ${links}', 2, 'k', 's', ${posted!});
    insert into accounting.vouchers
      (link_number, posted_at, id, position, kind, event_key, description, content_hash, lines, occurred_at)
      select ${links}, ${posted!}, ${id('n')}, n, 'receipt_settled', '${links} ' || n, 'd', 'c', 2, ${posted!} from generate_series(1, 2) n;
    insert into accounting.postings (voucher_id, line, account, party, currency, debit, credit)
      select id, line, '1100', 'cards', 'USD', 7 - 7 * (line - 1), 7 * (line - 1)
        from accounting.vouchers, (values (1), (2)) l(line) where link_number = ${links}`);
};
/** In what is before, in months, and in what is in no month. */
const postOverTime = async (): Promise<void> => {
  for (const days of [-400, -95, -60, -1, 0, 150]) {
    const at = Date.now() + days * DAY_MS;
    for (let nth = 0; nth < 3; nth += 1) await postAsBefore(at + nth, at + nth);
  }
};
const mislinked = () =>
  books.sql(`select p.voucher_id from accounting.postings p join accounting.vouchers v on v.id = p.voucher_id
              where p.link_number is distinct from v.link_number`);

it('each posting gets its link, in every month, while the version before goes on posting and months are made', async () => {
  const schema = () =>
    books.sql(`select pg_get_indexdef(indexrelid) as made from pg_index where indrelid = 'accounting.postings'::regclass
               union all select prosrc from pg_proc where pronamespace = 'accounting'::regnamespace
               union all select column_name || is_nullable || coalesce(column_default, '') from information_schema.columns
                where table_schema = 'accounting' and table_name like 'postings%' order by 1`);
  const made = await schema();
  await stepsBack(STEPS.length);
  expect(await schema()).not.toEqual(made);
  await postOverTime();

  const load = { posting: true };
  const before = (async () => {
    while (load.posting) await despiteDeadlocks(() => postAsBefore(Date.now() + links, Date.now() + links));
  })();
  const months = (async () => {
    for (let ahead = 3; load.posting && ahead < 20; ahead += 1)
      await despiteDeadlocks(() => books.sql(`select accounting.make_months('accounting.postings', ${ahead})`));
  })();
  // Of two processes that start at once one migrates and the other waits for it, which an index that is built waits for in turn.
  const applied = await Promise.all([migrateUp(), migrateUp()]).finally(() => {
    load.posting = false;
    return Promise.all([before, months]);
  });

  expect(applied.flat()).toEqual(STEPS);
  expect(links).toBeGreaterThan(18);
  expect(await mislinked()).toEqual([]);
  for (const partition of await partitions()) {
    for (const change of [`update ${partition} set line = line`, `delete from ${partition}`, `truncate ${partition}`])
      await expect(books.sql(change)).rejects.toThrow(/append-only/);
    await expect(
      books.sql(`select from pg_index i join pg_inherits h on h.inhrelid = i.indexrelid
                  where indrelid = '${partition}'::regclass and indisvalid and inhparent = 'accounting.postings_of_party'::regclass`),
    ).resolves.toHaveLength(1);
  }
  await postAsBefore(Date.now() + links, Date.now() + links);
  expect(await mislinked()).toEqual([]);
});

it('a voucher whose lines lie under another link is refused', async () => {
  const posting = (link: number): Promise<unknown> =>
    books.sql(`
      insert into accounting.links (number, previous_hash, hash, vouchers, key_id, signature, created_at)
        values (1, 'hash 0', 'hash 1', 1, 'k', 's', now());
      insert into accounting.vouchers
        (link_number, posted_at, id, position, kind, event_key, description, content_hash, lines, occurred_at)
        values (1, now(), accounting.first_key(now()), 1, 'receipt_settled', 'e', 'd', 'c', 2, now());
      insert into accounting.postings (voucher_id, line, account, party, currency, debit, credit, link_number)
        select accounting.first_key(now()), n, '2100', 'm', 'EUR', 2 - n, n - 1, ${link} from generate_series(1, 2) n`);
  await expect(posting(2)).rejects.toThrow('lies under another link than its lines');
  await posting(1);
});

it('a step that was cut off goes on where it was', async () => {
  await postAsBefore(Date.now(), Date.now());
  await stepsBack(1);
  const [month = ''] = (await partitions()).slice(2);
  const columns = '(account, currency, party, link_number)';
  await books.sql(`create index postings_of_party on only accounting.postings ${columns}`);
  await books.sql(`create index on ${month} ${columns}`);
  await books.sql(`create index cut_off on accounting.postings_before ${columns}`);
  await books.tamper(`update pg_index set indisvalid = false where indexrelid = 'accounting.cut_off'::regclass`);
  await migrateUp();
  const found = await books.sql<{ valid: boolean }>(
    `select indisvalid as valid from pg_index i where pg_get_indexdef(indexrelid) like '%${columns}'`,
  );
  expect(found.map(({ valid }) => valid)).toEqual([true, ...(await partitions()).map(() => true)]);
});

it('a posting of no voucher lies under no link, and keeps nobody from starting', async () => {
  await stepsBack(STEPS.length);
  await postAsBefore(Date.now(), Date.now());
  await books.tamper('delete from accounting.vouchers where position = 2');
  await migrateUp();
  expect(await books.sql('select link_number, count(*) from accounting.postings group by 1 order by 1')).toEqual([
    { link_number: '0', count: '2' },
    { link_number: '1', count: '2' },
  ]);
});

it.each([65, 4_000])('lines are found whatever clocks were off by, here %i days', async (most) => {
  await stepsBack(STEPS.length);
  const now = Date.now();
  const off = [0, -35 * DAY_MS, most * DAY_MS, 0];
  for (const [nth, days] of off.entries()) await postAsBefore(now + days, now + nth);
  // A link of a time when the next could be posted before the one before it.
  await postAsBefore(now + 3, now - 40 * DAY_MS);
  await postAsBefore(now + 4, now + 4);
  await migrateUp();
  const key = { account: '1100', party: 'cards', currency: 'USD' };
  for (let link = 0; link < links; link += 1) {
    const after = { link: String(link), position: 2_147_483_647, line: 2_147_483_647 };
    const rows = await inTransaction(books.world.databases.accounting, 'test.read', (tx) =>
      ledgerStatementStore.entries(tx, key, { after, upToLink: String(link + 1) }, 100),
    );
    expect(rows.map((row) => `${row.link_number} ${row.position} ${row.line}`)).toEqual(
      ['1 1', '1 2', '2 1', '2 2'].map((place) => `${link + 1} ${place}`),
    );
  }
  // From here on the database refuses what the statement would not find.
  await expect(postAsBefore(now + 3 * most * DAY_MS, now + 5)).rejects.toThrow(/vouchers_key_time/);
});
