import { createCheckpointSweep } from '../../src/accounting/make-checkpoint';
import { hashOfLink, headText } from '../../src/accounting/chain';
import { verifyChain } from '../../src/accounting/verify-chain';
import { hashOfContent } from '../../src/accounting/voucher';
import { type BooksWorld, booksWorld } from '../support/books-world';

/** Ten links of two vouchers, checkpoints at links 3, 6 and 9. */
async function soundBooks(): Promise<BooksWorld> {
  const books = await booksWorld();
  for (let link = 0; link < 10; link += 1)
    await books.post([{}, { channel: `wires ${link % 2}`, pointsValue: '1.00' }]);
  const checkpoint = createCheckpointSweep({ db: books.world.databases.accounting, vouchers: 6 });
  while ((await checkpoint()) > 0);
  return books;
}

const VOUCHER = `(select id from accounting.vouchers where link_number = 5 and position = 1)`;
const CUT = (from: number): string => `
  delete from accounting.postings where voucher_id in (select id from accounting.vouchers where link_number >= ${from});
  delete from accounting.vouchers where link_number >= ${from};
  delete from accounting.links where number >= ${from}`;

describe('the verification of the journal', () => {
  let books: BooksWorld;
  beforeEach(async () => {
    books = await soundBooks();
  });
  afterEach(() => books.world.close());
  const verify = (seen?: { number: string; hash: string }) =>
    verifyChain(books.world.databases.accounting, books.sealer, seen === undefined ? {} : { seen });

  it('holds for sound books, through every head that was logged', async () => {
    expect(await verify()).toMatchObject({ links: 10, vouchers: 20, checkpoints: 3, broken: undefined });
    for (const { number, hash } of books.heads) expect((await verify({ number, hash })).broken).toBeUndefined();
  });

  it.each([
    [
      'an amount on both sides',
      `update accounting.postings set debit = debit * 2, credit = credit * 2 where voucher_id = ${VOUCHER}`,
      '5',
      'another hash',
    ],
    [
      'an account',
      `update accounting.postings set account = '2900', party = '' where voucher_id = ${VOUCHER} and account = '4100'`,
      '5',
      'another hash',
    ],
    ['a description', `update accounting.vouchers set description = 'x' where id = ${VOUCHER}`, '5', 'another hash'],
    [
      'a time of posting',
      `update accounting.vouchers set posted_at = posted_at + interval '1 s' where id = ${VOUCHER}`,
      '5',
      'another time',
    ],
    ['a deleted line', `delete from accounting.postings where voucher_id = ${VOUCHER} and line = 1`, '5', 'lines'],
    [
      'a deleted voucher',
      `delete from accounting.postings where voucher_id = ${VOUCHER}; delete from accounting.vouchers where id = ${VOUCHER}`,
      '5',
      'says 2 vouchers',
    ],
    [
      'a gap',
      `delete from accounting.postings where voucher_id in (select id from accounting.vouchers where link_number = 5); delete from accounting.vouchers where link_number = 5; delete from accounting.links where number = 5`,
      '6',
      'does not follow',
    ],
    [
      'two vouchers that changed places',
      `update accounting.vouchers set position = case position when 1 then 7 else 1 end where link_number = 5; update accounting.vouchers set position = 2 where position = 7`,
      '5',
      '',
    ],
    [
      'a link moved in time',
      `update accounting.links set created_at = created_at - interval '1 hour' where number = 5; update accounting.vouchers set posted_at = posted_at - interval '1 hour' where link_number = 5`,
      '5',
      'not posted after',
    ],
    [
      'a head of another key',
      `update accounting.links set key_id = 'forged', signature = repeat('0', 64) where number = 10`,
      '10',
      'not signed',
    ],
    ['a link of another hash', `update accounting.links set hash = repeat('a', 64) where number = 5`, '5', ''],
    [
      'a fork',
      `alter table accounting.links drop constraint links_previous_hash_key; insert into accounting.links select 11, previous_hash, repeat('f', 64), 1, key_id, signature, created_at + interval '1 s' from accounting.links where number = 5`,
      '11',
      'does not name',
    ],
    [
      'a voucher under no link',
      `insert into accounting.vouchers select (jsonb_populate_record(v, jsonb_build_object('id', left(v.id::text, 24) || '000000000001', 'link_number', 99, 'event_key', 'stray'))).* from accounting.vouchers v where id = ${VOUCHER}`,
      '99',
      'not there',
    ],
    [
      'a posting of no voucher',
      `insert into accounting.postings values ('00000000-0000-7000-8000-000000000001', 1, '4100', '', 'USD', 0, 5)`,
      null,
      'a posting belongs to',
    ],
    [
      'a line under another link than its voucher',
      `update accounting.postings set link_number = 4 where voucher_id = ${VOUCHER} and line = 2`,
      '5',
      'lies under link 4',
    ],
    [
      'a key that is too far from its time for its lines to be found',
      `create or replace function accounting.key_skew() returns interval language sql immutable as $$ select interval '-1 second' $$`,
      '1',
      'is not of the time',
    ],
    [
      'a chart with another normal side',
      `update accounting.ledger_accounts set normal_side = 'debit' where code = '4100'`,
      null,
      'account 4100',
    ],
    [
      'a total of a checkpoint',
      `update accounting.checkpoint_totals set debit = debit + 1 where link_number = 6 and account = '1100'`,
      '6',
      'wrong sum for 1100 USD',
    ],
    [
      'a balance of a checkpoint',
      `update accounting.checkpoint_balances set credit = credit + 1 where link_number = 9 and account = '4100'`,
      '9',
      'wrong sum for 4100',
    ],
    [
      'a balance too many',
      `insert into accounting.checkpoint_balances values ('2100', 'nobody', 'USD', 6, 5, 5)`,
      '6',
      'nobody',
    ],
    [
      'a balance that is missing',
      `delete from accounting.checkpoint_balances where link_number = 3 and account = '1100' and party = 'cards'`,
      '3',
      'cards',
    ],
    [
      'a balance of no checkpoint',
      `insert into accounting.checkpoint_balances values ('2100', 'x', 'USD', 4, 5, 5)`,
      '4',
      'not there',
    ],
    ['a checkpoint at no link', `insert into accounting.checkpoints values (77)`, '77', 'lies at no link'],
  ])('names the link of %s', async (_, change, link, reason) => {
    await books.tamper(change);
    const { broken } = await verify();
    expect(broken?.link).toBe(link);
    expect(broken?.reason).toContain(reason);
  });

  it('names the first of several', async () => {
    await books.tamper(`update accounting.postings set debit = debit * 2, credit = credit * 2 where voucher_id in
      (select id from accounting.vouchers where link_number in (9, 4, 7))`);
    expect((await verify()).broken?.link).toBe('4');
  });

  it('finds a voucher that does not balance even where somebody with the master key has signed for it', async () => {
    const postings = [
      { account: '1100', party: 'cards', currency: 'USD', debit: '5.0000', credit: '0.0000' },
      { account: '4100', party: '', currency: 'USD', debit: '0.0000', credit: '6.0000' },
    ];
    const nobody = { orderId: null, receiptId: null, gid: null, legsHash: null };
    const content = { kind: 'adjustment', eventKey: 'e', description: 'd', ...nobody, postings };
    const now = await books.now();
    const contentHash = hashOfContent({ ...content, occurredAt: now });
    const [id, { hash: previousHash }] = [books.ids.next(), books.heads.at(-1)!];
    const hash = hashOfLink({ number: '11', previousHash, postedAt: now, vouchers: [{ id, contentHash }] });
    const { keyId, signature } = books.sealer.sign(headText('11', hash));
    await books.tamper(`
      insert into accounting.links values (11, '${previousHash}', '${hash}', 1, '${keyId}', '${signature}', '${now}');
      insert into accounting.vouchers values ('${id}', 11, 1, 'adjustment', 'e', 'd', null, null, null, null, '${contentHash}', 2, '${now}', '${now}');
      insert into accounting.postings values ('${id}', 1, '1100', 'cards', 'USD', 5, 0), ('${id}', 2, '4100', '', 'USD', 0, 6)`);
    expect((await verify()).broken).toMatchObject({ link: '11', reason: expect.stringContaining('does not balance') });
  });

  it('finds a tail that was cut off, and one that was posted anew, by a head from the log alone', async () => {
    const { number, hash } = books.heads.at(-1)!;
    await books.tamper(CUT(10));
    expect((await verify()).broken).toBeUndefined();
    expect((await verify({ number, hash })).broken).toMatchObject({
      link: '10',
      reason: expect.stringContaining('cut off'),
    });
    await books.post([{}, {}]);
    expect((await verify()).broken).toBeUndefined();
    expect((await verify({ number, hash })).broken).toMatchObject({
      link: '10',
      reason: expect.stringContaining('the log'),
    });
  });

  it('finds books that were emptied, by a head from the log', async () => {
    const { number, hash } = books.heads[0]!;
    await books.tamper(
      `${CUT(1)}; delete from accounting.checkpoint_totals; delete from accounting.checkpoint_balances; delete from accounting.checkpoints`,
    );
    expect((await verify()).broken).toBeUndefined();
    expect((await verify({ number, hash })).broken?.link).toBe('1');
  });
});
