import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { createSealer } from '../../src/core/sealing';
import { CHART } from '../../src/accounting/chart';
import { createVoucherConsumer } from '../../src/accounting/post-vouchers';
import { readVouchers } from '../../src/accounting/read-vouchers';
import { readTrialBalance } from '../../src/accounting/trial-balance';
import { VOUCHER_TOPIC, type VoucherMessage } from '../../src/accounting/voucher-message';
import { verifyChain } from '../../src/accounting/verify-chain';
import type { OutboxMessage } from '../../src/consistency/outbox/outbox';
import { PATIENT_POOLS, type TestDatabases, testDatabases } from '../support/databases';

describe('the books', () => {
  const ids = createIds(systemClock);
  const sealer = createSealer([Buffer.alloc(32, 1)]);
  const heads: { number: string; hash: string; vouchers: number }[] = [];
  let world: TestDatabases;

  beforeEach(async () => {
    heads.length = 0;
    world = await testDatabases(PATIENT_POOLS);
  });
  afterEach(() => world.close());

  const books = () =>
    createVoucherConsumer({
      db: world.databases.accounting,
      sealer,
      logger: { info: (facts) => heads.push(facts as (typeof heads)[0]) },
    });

  function message(changes: Partial<VoucherMessage> = {}, version = 1): OutboxMessage {
    const merchantId = ids.next();
    const payload: VoucherMessage = {
      kind: 'receipt_settled',
      receiptId: ids.next(),
      orderId: ids.next(),
      gid: ids.next(),
      channel: 'cards',
      currency: 'USD',
      gross: '100.00',
      credits: [
        { to: 'merchant', party: merchantId, amount: '97.10' },
        { to: 'fees', party: '', amount: '2.90' },
      ],
      pointsValue: null,
      merchantId,
      legsHash: 'b'.repeat(64),
      occurredAt: '2026-11-21T01:02:03.456Z',
      ...changes,
    };
    return { id: ids.next(), topic: VOUCHER_TOPIC, eventKey: payload.receiptId, version, payload, traceparent: null };
  }

  const kindsOf = async (messages: readonly OutboxMessage[]): Promise<string[]> =>
    (await books().consume(messages)).map((one) => one.kind);

  const sql = (text: string): PromiseLike<unknown> => world.databases.accounting.knex.raw(text);
  const verify = (options = {}) => verifyChain(world.databases.accounting, sealer, options);

  it('has the chart of accounts that the code speaks of', async () => {
    const { rows } = (await sql('select * from accounting.ledger_accounts order by code')) as { rows: object[] };
    const chart = Object.entries(CHART).map(([code, { name, type, normalSide, party }]) => {
      return { code, name, type, normal_side: normalSide, party };
    });
    expect(rows).toEqual(chart);
  });

  it('posts a list in one link, and the same list again not at all', async () => {
    const list = [message(), message(), message()];
    expect(await kindsOf([...list, list[0]!])).toEqual(['done', 'done', 'done', 'done']);
    expect(await kindsOf(list)).toEqual(['done', 'done', 'done']);
    expect(await kindsOf([...list, message()])).toEqual(['done', 'done', 'done', 'done']);
    expect(heads.map(({ number, vouchers }) => [number, vouchers])).toEqual([
      ['1', 3],
      ['2', 1],
    ]);
    const { number, hash } = heads[1]!;
    expect(await verify({ seen: { number, hash } })).toEqual({
      links: 2,
      vouchers: 4,
      head: { number, hash },
      checkpoints: 0,
      broken: undefined,
    });
    const { totals } = await readTrialBalance(world.databases.accounting);
    expect(totals.map(({ debit, difference }) => [debit.toString(), difference.toString()])).toEqual([
      ['400.00', '0.00'],
    ]);
  });

  it('fails a poisoned message alone, with a reason', async () => {
    const good = [message(), message(), message()];
    const bad = [
      message({ gross: '1.00' }),
      message({}, 2),
      { ...message(), payload: { kind: 'receipt_settled' } },
      { ...message(), payload: null },
      // Only the database finds this one: it keeps no NUL in a text.
      message({ channel: 'nul \u0000' }),
    ];
    const answers = await books().consume([bad[0]!, good[0]!, bad[1]!, bad[2]!, good[1]!, bad[4]!, bad[3]!, good[2]!]);
    expect(answers.map((one) => one.kind)).toEqual([
      'failed',
      'done',
      'failed',
      'failed',
      'done',
      'failed',
      'failed',
      'done',
    ]);
    for (const one of answers) if (one.kind === 'failed') expect(one.reason).toMatch(/\w+ \w+/);
    expect(await verify()).toMatchObject({ vouchers: 3, broken: undefined });
  });

  it('refuses another content for an event that has its voucher, in the same list and later', async () => {
    const first = message();
    const other = { ...first, payload: { ...(first.payload as VoucherMessage), channel: 'wires' } };
    expect(await kindsOf([first, other])).toEqual(['done', 'failed']);
    expect(await kindsOf([other, first])).toEqual(['failed', 'done']);
  });

  it('keeps one chain without forks when many post side by side, with duplicates', async () => {
    const lists = Array.from({ length: 12 }, () => Array.from({ length: 10 }, () => message()));
    const all = lists.flat();
    await Promise.all([...lists, all, all.toReversed()].map((list) => kindsOf(list)));
    expect(await verify()).toMatchObject({ vouchers: 120, broken: undefined });
    const numbers = heads.map((head) => Number(head.number)).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it('cannot be updated, deleted from, truncated or added to by a line', async () => {
    await kindsOf([message()]);
    for (const table of ['vouchers', 'postings', 'links', 'ledger_accounts']) {
      await expect(sql(`delete from accounting.${table}`)).rejects.toThrow('append-only');
      await expect(sql(`truncate accounting.${table} cascade`)).rejects.toThrow('append-only');
    }
    await expect(sql(`update accounting.postings set debit = debit + 1`)).rejects.toThrow('append-only');
    await expect(
      sql(`insert into accounting.postings (voucher_id, line, account, currency, debit, credit)
           select voucher_id, line + 10, account, currency, debit, credit from accounting.postings`),
    ).rejects.toThrow('other lines than it says');
  });

  describe('whose rows somebody changes past the triggers', () => {
    const last = (): Promise<string[]> => kindsOf([message()]);
    beforeEach(async () => {
      for (let list = 0; list < 3; list += 1) await kindsOf([message(), message()]);
    });

    it.each([
      ['an amount', `update accounting.postings set debit = debit * 2, credit = credit * 2 where voucher_id = %`, '2'],
      ['a party', `update accounting.postings set party = 'x' where account = '2100' and voucher_id = %`, '2'],
      [
        'a time',
        `update accounting.vouchers set occurred_at = occurred_at + interval '1 microsecond' where id = %`,
        '2',
      ],
      ['a posting time', `update accounting.vouchers set posted_at = now() where id = %`, '2'],
      ['a content with its hash', `update accounting.vouchers set content_hash = repeat('0', 64) where id = %`, '2'],
      ['a link hash', `update accounting.links set hash = repeat('1', 64) where number = 2`, '2'],
      [
        'a missing voucher',
        `delete from accounting.postings where voucher_id = %; delete from accounting.vouchers where id = %`,
        '2',
      ],
      [
        'a missing first link',
        `delete from accounting.postings; delete from accounting.vouchers where link_number = 1; delete from accounting.links where number = 1`,
        '2',
      ],
      ['a signature', `update accounting.links set signature = repeat('0', 64) where number = 1`, '1'],
      ['a head signed by nobody', `update accounting.links set key_id = 'other' where number = 3`, '3'],
    ])('shows %s', async (_, change, link) => {
      const id = `(select id from accounting.vouchers where link_number = 2 and position = 1)`;
      await sql(
        `set session_replication_role = replica; ${change.replaceAll('%', id)}; set session_replication_role = origin`,
      );
      expect((await verify()).broken?.link).toBe(link);
    });

    it('shows a tail that was cut off, by the head that the log has', async () => {
      await last();
      const { number, hash } = heads.at(-1)!;
      await sql(`set session_replication_role = replica;
        delete from accounting.postings where voucher_id in (select id from accounting.vouchers where link_number = 4);
        delete from accounting.vouchers where link_number = 4; delete from accounting.links where number = 4;
        set session_replication_role = origin`);
      expect((await verify()).broken).toBeUndefined();
      expect((await verify({ seen: { number, hash } })).broken).toMatchObject({ link: '4' });
      await last();
      expect((await verify({ seen: { number, hash } })).broken?.reason).toMatch('the log');
    });
  });

  it('gives vouchers with their lines, newest first, by order, by receipt and by page', async () => {
    const list = [message(), message(), message()];
    await kindsOf(list);
    const payload = list[1]!.payload as VoucherMessage;
    const db = world.databases.accounting;
    const none = { orderId: undefined, receiptId: undefined };
    const all = await readVouchers(db, none, { before: undefined, limit: 10 });
    expect(all.map((voucher) => voucher.receipt_id)).toEqual(list.map((one) => one.eventKey).toReversed());
    expect(all[0]!.postings.map((posting) => posting.account)).toEqual(['1100', '2100', '4100']);
    const next = await readVouchers(db, none, { before: all[0]!.id, limit: 1 });
    expect(next.map((voucher) => voucher.id)).toEqual([all[1]!.id]);
    for (const filter of [
      { ...none, orderId: payload.orderId! },
      { ...none, receiptId: payload.receiptId },
    ]) {
      const [found, ...others] = await readVouchers(db, filter, { before: undefined, limit: 10 });
      expect(found!.event_key).toBe(payload.receiptId);
      expect(others).toEqual([]);
    }
  });
});
