import { randomBytes } from 'node:crypto';
import { csv, counts, day, ended, incidentsOf, pool, reconcile, results, setMapping } from '../support/statements';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

interface Paid {
  readonly order: Json;
  readonly ours: string;
  readonly theirs: string;
}

describe('a statement against our receipts', () => {
  let world: World;
  let merchant: Merchant;
  let channel: Channel;
  beforeAll(async () => {
    world = await startWorld();
    merchant = await world.merchant();
  });
  beforeEach(async () => {
    channel = await world.channel();
    await setMapping(world, channel);
  });
  afterEach(async () => {
    await world.quiet();
    await world.mustBeSound();
  });
  afterAll(() => world.stop());

  /** An order that was paid by a callback. */
  async function paid(amount = '100.00', by = channel): Promise<Paid> {
    const order = await world.order(merchant, { amount });
    const theirs = `pay${randomBytes(8).toString('hex')}`;
    const answer = await world.send(by, world.paid(by, order, { providerReference: theirs }));
    expect(answer.status).toBe(204);
    return { order, ours: order.payment_reference, theirs };
  }

  /** Lets everything be due that waits in the channel's pools. */
  const letTimePass = (): Promise<unknown> =>
    world.query(
      `update orders.reconciliation_pool set due_at = clock_timestamp() - interval '1 second'
        where channel_id = (select id from orders.channels where name = $1)`,
      [channel.name],
    );
  const open = async (kind: string): Promise<Json[]> =>
    (await incidentsOf(world, kind)).filter((one) => one.status === 'open' && one.facts.channel === channel.name);

  it('matches what agrees, by the provider’s reference or by ours, and needs nobody', async () => {
    const [a, b] = [await paid(), await paid('20.00')];
    const run = await reconcile(
      world,
      channel,
      csv([
        { ours: a.ours, theirs: a.theirs, amount: '100.00' },
        { ours: b.ours.toUpperCase(), amount: '20.00' },
      ]),
    );
    expect(counts(run)).toEqual({ matched: 2 });
    expect(run.differences).toBe(0);
    expect(await pool(world, channel)).toEqual([]);
    const [first] = await results(world, run, 'matched');
    expect(first).toMatchObject({
      line: { number: 2, amount: '100.00', provider_reference: a.theirs },
      receipt: { amount: '100.00', outcome: 'order_paid' },
    });
  });

  it('sends a lost callback through the callback’s own flow, so that the late callback changes nothing', async () => {
    const before = await world.balance(merchant);
    const order = await world.order(merchant, { amount: '33.00' });
    const theirs = `lost${randomBytes(6).toString('hex')}`;
    const run = await reconcile(world, channel, csv([{ ours: order.payment_reference, theirs, amount: '33.00' }]));
    expect(counts(run)).toEqual({ recovered: 1 });
    await world.quiet();
    expect((await world.v1(merchant, 'get', `/orders/${order.id}`)).status).toBe('paid');
    const after = await world.balance(merchant);
    expect(Number(after) - Number(before === 'none' ? '0' : before)).toBe(33);
    const late = await world.send(channel, world.paid(channel, order, { providerReference: theirs }));
    expect(late.status).toBe(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe(after);
    const again = await reconcile(
      world,
      channel,
      csv([{ ours: order.payment_reference, theirs, amount: '33.00', fee: '0' }]),
    );
    expect(counts(again)).toEqual({ matched: 1 });
  });

  it('gives money for an order that nobody knows to suspense, and a second payment too', async () => {
    const first = await paid('8.00');
    await reconcile(world, channel, csv([{ ours: first.ours, theirs: first.theirs, amount: '8.00' }]));
    const run = await reconcile(
      world,
      channel,
      csv([
        { ours: first.ours, theirs: `${first.theirs}second`, amount: '8.00' },
        { ours: '', theirs: `foreign${first.theirs}`, amount: '4.00' },
      ]),
    );
    expect(counts(run)).toEqual({ recovered: 2 });
    await world.quiet();
    expect(await world.incidents()).toEqual(expect.arrayContaining(['duplicate_payment', 'unidentified_payment']));
  });

  it('takes no failure or refund of an unknown payment for money', async () => {
    const order = await world.order(merchant);
    const run = await reconcile(
      world,
      channel,
      csv([
        { ours: order.payment_reference, theirs: 'f-1', amount: '100.00', status: 'FAILED' },
        { ours: order.payment_reference, theirs: 'f-1', amount: '100.00', status: 'FAILED' },
        { theirs: 'r-1', amount: '5.00', status: 'REFUND', id: `rf${channel.name}` },
        { theirs: 'ignored', amount: '-9.00', status: 'PAYOUT' },
      ]),
    );
    expect(counts(run)).toEqual({ not_money: 2, refund_unknown: 1 });
    expect((await world.v1(merchant, 'get', `/orders/${order.id}`)).status).toBe('open');
    expect(await open('reconciliation_refund_unknown')).toHaveLength(1);
  });

  it('keeps what the bank has not said in a pool across three files, and forgets it when a line comes', async () => {
    const [a, b] = [await paid('10.00'), await paid('11.00')];
    const one = await reconcile(world, channel, csv([{ ours: a.ours, theirs: a.theirs, amount: '10.00' }]));
    expect(counts(one)).toEqual({ matched: 1, waiting_at_bank: 1 });
    expect(one.differences).toBe(0);
    const c = await paid('12.00');
    const two = await reconcile(world, channel, csv([{ ours: c.ours, theirs: c.theirs, amount: '12.00' }]));
    expect(counts(two)).toEqual({ matched: 1 });
    expect(await pool(world, channel)).toMatchObject([{ side: 'ours', amount: '11.00', status: 'waiting' }]);
    const three = await reconcile(world, channel, csv([{ ours: b.ours, theirs: b.theirs, amount: '11.00' }]));
    expect(counts(three)).toEqual({ matched: 1 });
    expect(await pool(world, channel)).toEqual([]);
    expect(await open('reconciliation_missing_at_bank')).toEqual([]);
  });

  it('makes what is past due one incident, never fails the order, and resolves it when the line comes after all', async () => {
    const missing = await paid('13.00');
    await reconcile(world, channel, csv([]));
    await letTimePass();
    const late = await reconcile(world, channel, csv([{ theirs: 'x', amount: '1', status: 'FAILED' }]));
    expect(counts(late)).toEqual({ not_money: 1, missing_at_bank: 1 });
    expect(late.differences).toBe(1);
    await reconcile(world, channel, csv([{ theirs: 'y', amount: '1', status: 'FAILED' }]));
    const [incident] = await open('reconciliation_missing_at_bank');
    expect(incident).toMatchObject({ times_seen: 1, facts: { bank_says: 'nothing', we_have: '13.00 USD' } });
    expect((await world.v1(merchant, 'get', `/orders/${missing.order.id}`)).status).toBe('paid');
    const explained = await reconcile(
      world,
      channel,
      csv([{ ours: missing.ours, theirs: missing.theirs, amount: '13.00' }]),
    );
    expect(counts(explained)).toEqual({ matched: 1 });
    expect(await open('reconciliation_missing_at_bank')).toEqual([]);
    const resolved = (await incidentsOf(world, 'reconciliation_missing_at_bank')).find((one) => one.id === incident.id);
    expect(resolved.resolution).toContain('line 2: the bank says paid 13.00 USD');
  });

  it('reports a wrong amount once, does not report it as missing days later, and resolves it by a corrected line', async () => {
    const wrong = await paid('50.00');
    const run = await reconcile(world, channel, csv([{ ours: wrong.ours, theirs: wrong.theirs, amount: '49.99' }]));
    expect(counts(run)).toEqual({ amount_difference: 1 });
    expect(await open('reconciliation_amount_difference')).toMatchObject([
      { facts: { bank_says: 'paid 49.99 USD', we_have: '50.00 USD' } },
    ]);
    const again = await reconcile(
      world,
      channel,
      csv([
        { ours: wrong.ours, theirs: wrong.theirs, amount: '49.99' },
        { theirs: 'z', amount: '1', status: 'FAILED' },
      ]),
    );
    expect(counts(again)).toEqual({ repeated: 1, not_money: 1 });
    expect(await pool(world, channel)).toEqual([]);
    expect((await world.v1(merchant, 'get', `/orders/${wrong.order.id}`)).amount).toBe('50.00');
    const corrected = await reconcile(
      world,
      channel,
      csv([{ ours: wrong.ours, theirs: wrong.theirs, amount: '50.00' }]),
    );
    expect(counts(corrected)).toEqual({ matched: 1 });
    expect(await open('reconciliation_amount_difference')).toEqual([]);
  });

  it('tells a wrong currency, and a failure or reversal of what was credited', async () => {
    const [a, b, c, d] = [await paid(), await paid(), await paid(), await paid()];
    const run = await reconcile(
      world,
      channel,
      csv([
        { ours: a.ours, theirs: a.theirs, amount: '100.00', currency: 'EUR' },
        { ours: b.ours, theirs: b.theirs, amount: '100.00', status: 'FAILED' },
        { ours: c.ours, theirs: c.theirs, amount: '100.00' },
        { ours: c.ours, theirs: c.theirs, amount: '100.00', status: 'REVERSED' },
        { ours: d.ours, theirs: d.theirs, amount: '100.00', status: 'FAILED' },
        { ours: d.ours, theirs: d.theirs, amount: '100.00' },
      ]),
    );
    expect(counts(run)).toEqual({ currency_difference: 1, status_difference: 2, matched: 2, not_money: 1 });
    expect(await pool(world, channel)).toEqual([]);
    expect(await open('reconciliation_status_difference')).toHaveLength(2);
    const explained = await reconcile(world, channel, csv([{ ours: b.ours, theirs: b.theirs, amount: '100.00' }]));
    expect(counts(explained)).toEqual({ matched: 1 });
    expect(await open('reconciliation_status_difference')).toHaveLength(1);
  });

  it('gives one receipt to one line: the others are duplicates, whatever they are numbered', async () => {
    const a = await paid('70.00');
    const run = await reconcile(
      world,
      channel,
      csv([
        { ours: a.ours, theirs: a.theirs, amount: '70.00' },
        { ours: a.ours, theirs: a.theirs, amount: '70.00' },
        { ours: a.ours, theirs: a.theirs, amount: '70.00', id: `other${a.theirs}` },
      ]),
    );
    expect(counts(run)).toEqual({ matched: 1, duplicate_line: 2 });
    expect(await open('reconciliation_duplicate_line')).toHaveLength(2);
    const later = await reconcile(
      world,
      channel,
      csv([{ ours: a.ours, theirs: a.theirs, amount: '70.00', id: `third${a.theirs}` }]),
    );
    expect(counts(later)).toEqual({ duplicate_line: 1 });
  });

  it('takes two lines without any number of the provider’s for two, and meets each order once', async () => {
    const a = await paid('5.00');
    const line = { ours: a.ours, amount: '5.00' };
    const run = await reconcile(world, channel, csv([line, line]));
    expect(counts(run)).toEqual({ matched: 1, waiting_with_us: 1 });
    expect(await pool(world, channel)).toMatchObject([{ side: 'bank', note: 'no_provider_reference' }]);
    const overlapping = await reconcile(
      world,
      channel,
      csv([line, line, { theirs: 'q', amount: '1', status: 'FAILED' }]),
    );
    expect(counts(overlapping)).toEqual({ repeated: 2, not_money: 1 });
  });

  it('compares fees with what they should be, within a tolerance, and adds up the variance', async () => {
    await setMapping(world, channel, { fees: [{ currency: 'USD', rate: '0.01', fixed: '0.10', tolerance: '0.01' }] });
    const [a, b, c] = [await paid(), await paid(), await paid()];
    const run = await reconcile(
      world,
      channel,
      csv([
        { ours: a.ours, theirs: a.theirs, amount: '100.00', fee: '1.10' },
        { ours: b.ours, theirs: b.theirs, amount: '100.00', fee: '1.11' },
        { ours: c.ours, theirs: c.theirs, amount: '100.00', fee: '1.13' },
      ]),
    );
    expect(counts(run)).toEqual({ matched: 2, fee_difference: 1 });
    expect(run.totals.find((one: Json) => one.class === 'fee_difference').fee_variance).toBe('0.03');
    expect(await open('reconciliation_fee_difference')).toMatchObject([
      { facts: { bank_fee: '1.13', expected_fee: '1.1' } },
    ]);
  });

  it('pools a line that fits nothing, per channel, and tells of it when it is due', async () => {
    const old = `${day(200)} 10:00:00`;
    const run = await reconcile(world, channel, csv([{ theirs: `old${channel.name}`, amount: '9.00', time: old }]));
    expect(counts(run)).toEqual({ waiting_with_us: 1 });
    const other = await world.channel();
    await setMapping(world, other);
    await letTimePass();
    expect(counts(await reconcile(world, other, csv([])))).toEqual({});
    const examination = await world.admin('post', '/reconciliation/examinations', { channel: channel.name });
    expect(examination.kind).toBe('examination');
    expect(counts(await ended(world, examination.id))).toEqual({ missing_with_us: 1 });
    // It is told once.
    const due = await reconcile(world, channel, csv([{ theirs: 'w', amount: '1', status: 'FAILED' }]));
    expect(counts(due)).toEqual({ not_money: 1 });
    expect(await open('reconciliation_missing_with_us')).toMatchObject([{ facts: { we_have: 'nothing' } }]);
  });

  it('holds back a file of payments under numbers that we know otherwise: a wrong column must not become money', async () => {
    const list = [await paid(), await paid(), await paid()];
    const before = await world.suspense();
    const wrongColumn = list.map((one, index) => ({
      ours: one.ours,
      theirs: `txn-${index}-${channel.name}`,
      amount: '100.00',
    }));
    const run = await reconcile(world, channel, csv(wrongColumn));
    expect(counts(run)).toEqual({ waiting_with_us: 3, waiting_at_bank: 3 });
    await world.quiet();
    expect(await world.suspense()).toBe(before);
    const right = list.map((one) => ({ ours: one.ours, theirs: one.theirs, amount: '100.00' }));
    // Now that our receipts have their own lines, the others are second payments.
    const later = await reconcile(world, channel, csv(right));
    expect(counts(later)).toEqual({ matched: 3, recovered: 3 });
  });

  it('recovers no more lost callbacks than the channel allows at once, and goes on when it allows more', async () => {
    await setMapping(world, channel, { recover_at_most: 1 });
    const lines = [1, 2].map((nth) => ({ theirs: `many-${nth}-${channel.name}`, amount: '3.00' }));
    const run = await reconcile(world, channel, csv(lines));
    expect(counts(run)).toEqual({ waiting_with_us: 2 });
    expect(await open('reconciliation_recovery_held')).toMatchObject([
      { facts: { lines: '2', recovered_at_most: '1' } },
    ]);
    await setMapping(world, channel, { recover_at_most: 2 });
    await world.admin('post', '/reconciliation/examinations', { channel: channel.name });
    const deadline = Date.now() + 60_000;
    while ((await pool(world, channel)).length > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await pool(world, channel)).toEqual([]);
  });
});
