import { Command } from 'commander';
import type { ApiClient } from '../../src/cli/client';
import { commandContext } from '../../src/cli/commands';
import { addOrderCommands } from '../../src/cli/orders';
import type { Answer } from '../../src/cli/output';
import { addPaymentCommands } from '../../src/cli/payments';
import { addTimelineCommand } from '../../src/cli/timeline';
import { merchantTimelineView, timelineView } from '../../src/timeline/timeline-schemas';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type Channel, type Json, type Merchant, OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/** The timeline of a payment: everything for the operator, and what concerns it for the merchant. */
let world: World;
let merchant: Merchant;
let channel: Channel;
let shop: MerchantServer;
beforeAll(async () => {
  world = await startWorld();
  shop = await startMerchantServer();
  channel = await world.channel();
});
beforeEach(async () => {
  merchant = await world.merchant();
});
afterEach(async () => {
  await world.quiet();
  await world.mustBeSound();
});
afterAll(async () => {
  await world.stop();
  await shop.close();
});

const timelineOf = async (id: string): Promise<Json> =>
  timelineView.parse(await world.admin('get', `/${id.startsWith('rcp_') ? 'receipts' : 'orders'}/${id}/timeline`));
const merchantTimeline = async (order: Json): Promise<Json> =>
  merchantTimelineView.parse(await world.v1(merchant, 'get', `/orders/${order.id}/timeline`));
const kindsOf = (timeline: Json): string[] => timeline.items.map((item: Json) => item.kind);
const factsOf = (timeline: Json, kind: string): Json[] =>
  timeline.items.filter((item: Json) => item.kind === kind).map((item: Json) => item.facts);

/** Our own affairs, which no merchant may read of, in any spelling. */
const INTERNALS = /gid|gtx_|hold|suspense|lease|branch|participant|refus|voucher|postings|rcp_|frozen|link/i;

function mustBeInOrder(timeline: Json): void {
  const times = timeline.items.map((item: Json) => item.at);
  expect(times).toEqual([...times].sort());
  for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
}

async function endpoint(): Promise<void> {
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: `${shop.url}/hook`, schedule: [0, 1] });
}

async function pay(order: Json, changes: Parameters<World['paid']>[2] = {}): Promise<void> {
  await world.send(channel, world.paid(channel, order, changes)).expect(204);
  await world.quiet();
}

async function freeze(): Promise<void> {
  const { data } = await world.admin('get', `/accounts?kind=merchant&limit=100`);
  const own = data.find((account: Json) => account.owner === merchant.id);
  await world.admin('post', `/accounts/${own.id}/freeze`);
}

describe('a payment that goes well', () => {
  it('is told from its order to its notification, each step with its facts', async () => {
    await endpoint();
    shop.script({ status: 500 });
    await world.admin('put', `/merchants/${merchant.id}/fee-plans/USD`, { rate: '0.02', fixed: '0.30' });
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    const payee = await world.admin('post', `/merchants/${merchant.id}/accounts`, {
      reference: 'p',
      currency: 'USD',
    });
    const order = await world.order(merchant, { customer: 'anna', splits: [{ account: payee.id, amount: '5.00' }] });
    await pay(order, { providerReference: 'bank-1' });

    const timeline = await timelineOf(order.id);
    mustBeInOrder(timeline);
    expect(timeline).toMatchObject({ order: order.id, pending: [], unavailable: [], left_out: [] });
    expect(timeline.receipts).toHaveLength(1);
    const kinds = kindsOf(timeline);
    expect(kinds[0]).toBe('order_created');
    expect([...kinds].sort()).toEqual(
      [
        ...['order_created', 'order_claimed', 'order_paid', 'callback_event'],
        ...['receipt_received', 'receipt_decided', 'receipt_settled'],
        ...['transaction_opened', 'transaction_decided', 'transaction_ended'],
        ...['hold_placed', 'hold_placed', 'hold_ended', 'hold_ended'],
        ...['entry_posted', 'entry_posted', 'entry_posted', 'entry_posted'],
        ...['voucher_requested', 'voucher_posted', 'voucher_request_done'],
        ...['notification_created', 'notification_attempt', 'notification_attempt', 'notification_ended'],
      ].sort(),
    );
    for (const [cause, effect] of [
      ['receipt_received', 'transaction_opened'],
      ['transaction_opened', 'hold_placed'],
      ['hold_placed', 'transaction_decided'],
      ['transaction_decided', 'entry_posted'],
      ['entry_posted', 'receipt_settled'],
      ['voucher_requested', 'voucher_posted'],
      ['notification_created', 'notification_attempt'],
    ] as const) {
      expect([cause, kinds.indexOf(cause) < kinds.indexOf(effect)]).toEqual([cause, true]);
    }
    expect(factsOf(timeline, 'callback_event')).toMatchObject([
      { verdict: 'payment_succeeded', outcome: 'receipt', channel: channel.name, provider_reference: 'bank-1' },
    ]);
    expect(factsOf(timeline, 'receipt_received')).toMatchObject([
      { provider_reference: 'bank-1', amount: '100.00', currency: 'USD', status: 'settled', next_try_at: null },
    ]);
    expect(factsOf(timeline, 'transaction_opened')).toMatchObject([{ number: 1, status: 'confirmed' }]);
    expect(factsOf(timeline, 'hold_placed').map((facts) => [facts.participant, facts.legs.length])).toEqual(
      expect.arrayContaining([
        ['accounts', 3],
        ['points', 1],
      ]),
    );
    expect(factsOf(timeline, 'entry_posted').map((facts) => [facts.unit, facts.amount])).toEqual(
      expect.arrayContaining([
        ['USD', '92.70'],
        ['USD', '2.30'],
        ['USD', '5.00'],
        ['POINTS', '100'],
      ]),
    );
    const [voucher] = factsOf(timeline, 'voucher_posted');
    expect(voucher.postings).toContainEqual({
      account: '1100',
      party: channel.name,
      currency: 'USD',
      debit: '100.00',
      credit: '0.00',
    });
    expect(factsOf(timeline, 'notification_attempt')).toMatchObject([
      { number: 1, status: 'failed', http_status: 500, error: 'answered 500', duration_ms: expect.any(Number) },
      { number: 2, status: 'succeeded', http_status: 200 },
    ]);
    expect(await timelineOf(timeline.receipts[0])).toEqual(timeline);
  });

  it('is told to its merchant with what concerns it, and nothing of how it is done', async () => {
    await endpoint();
    await world.admin('put', `/merchants/${merchant.id}/fee-plans/USD`, { rate: '0.02', fixed: '0.30' });
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    const payee = await world.admin('post', `/merchants/${merchant.id}/accounts`, {
      reference: 'p',
      currency: 'USD',
    });
    const order = await world.order(merchant, { customer: 'anna', splits: [{ account: payee.id, amount: '5.00' }] });
    await pay(order, { providerReference: 'bank-2' });

    const timeline = await merchantTimeline(order);
    mustBeInOrder(timeline);
    expect(timeline).toMatchObject({ order: order.id, status: 'paid', under_review: false, left_out: [] });
    expect(kindsOf(timeline).sort()).toEqual([
      ...['notification_attempt', 'notification_created', 'notification_ended'],
      ...['order_created', 'order_paid', 'payment_credited', 'payment_received'],
    ]);
    expect(factsOf(timeline, 'payment_received')).toEqual([
      { provider_reference: 'bank-2', channel: channel.name, amount: '100.00', currency: 'USD' },
    ]);
    expect(factsOf(timeline, 'payment_credited')).toEqual([
      {
        provider_reference: 'bank-2',
        currency: 'USD',
        amount: '100.00',
        fee: '2.30',
        net: '92.70',
        splits: [{ account: payee.id, amount: '5.00' }],
        points: '100',
      },
    ]);
    expect(JSON.stringify(timeline)).not.toMatch(INTERNALS);
  });

  it('carries the trace under which each row was written, and what follows from it carries it on', async () => {
    const order = await world.order(merchant);
    await pay(order);
    const [trace, other] = ['4bf92f3577b34da6a3ce929d0e0e4736', 'a'.repeat(32)];
    const bare = order.id.slice(4);
    await world.query(`update orders.receipts set traceparent = $2 where order_id = $1`, [
      bare,
      `00-${trace}-00f067aa0ba902b7-01`,
    ]);
    await world.query(
      `update orders.inbox_events e set traceparent = 'rubbish' from orders.receipts r
                        where r.id = e.receipt_id and r.order_id = $1`,
      [bare],
    );
    await world.query(
      `update orders.outbox o set traceparent = r.traceparent from orders.receipts r
        where o.event_key = r.id::text and r.order_id = $1`,
      [bare],
    );
    await world.query(`update orders.notifications set traceparent = $2 where order_id = $1`, [
      bare,
      `00-${other}-00f067aa0ba902b7-00`,
    ]);
    const traces = Object.fromEntries((await timelineOf(order.id)).items.map((one: Json) => [one.kind, one.trace_id]));
    expect(traces).toMatchObject({
      order_created: null,
      callback_event: null,
      receipt_settled: trace,
      transaction_opened: trace,
      entry_posted: trace,
      order_paid: trace,
      voucher_posted: trace,
      notification_created: other,
    });
    expect(traces).not.toHaveProperty('notification_ended');
    const told = (await merchantTimeline(order)).items.map((one: Json) => one.trace_id);
    expect(new Set(told)).toEqual(new Set([null, trace, other]));
  });
});

describe('a payment that goes otherwise', () => {
  it('with a frozen account has its cancelled attempt, the refusal, the tombstones and where the money went', async () => {
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    await pay(await world.order(merchant));
    await freeze();
    const order = await world.order(merchant, { customer: 'anna' });
    await pay(order);

    const timeline = await timelineOf(order.id);
    mustBeInOrder(timeline);
    expect(factsOf(timeline, 'transaction_opened')).toMatchObject([
      { number: 1, status: 'cancelled' },
      { number: 2, status: 'confirmed', branches: [{ legs: [{ account: 'suspense/USD', amount: '100.00' }] }] },
    ]);
    expect(factsOf(timeline, 'transaction_decided')).toMatchObject([
      { decision: 'cancel', refusals: [{ participant: 'accounts', reason: 'frozen' }] },
      { decision: 'confirm', refusals: [] },
    ]);
    expect(factsOf(timeline, 'hold_ended')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ participant: 'accounts', status: 'cancelled', tombstone: true }),
        expect.objectContaining({ participant: 'points', status: 'cancelled', tombstone: false }),
      ]),
    );
    expect(factsOf(timeline, 'entry_posted')).toMatchObject([{ account: 'suspense/USD', amount: '100.00' }]);
    expect(factsOf(timeline, 'incident_opened')).toMatchObject([{ kind: 'account_refused', status: 'open' }]);
    expect(factsOf(timeline, 'order_claimed')).toHaveLength(1);

    const told = await merchantTimeline(order);
    expect(told).toMatchObject({ status: 'paid', under_review: true });
    expect(kindsOf(told)).toEqual(
      expect.arrayContaining(['order_created', 'order_paid', 'payment_received', 'review_opened']),
    );
    expect(kindsOf(told)).not.toContain('payment_credited');
    expect(JSON.stringify(told)).not.toMatch(INTERNALS);

    await world.query(
      `update orders.incidents set status = 'resolved', resolved_at = clock_timestamp(), resolution = 'a secret word'
        where order_id = $1`,
      [order.id.slice(4)],
    );
    const resolved = await merchantTimeline(order);
    expect(resolved.under_review).toBe(false);
    expect(kindsOf(resolved)).toContain('review_closed');
    expect(JSON.stringify(resolved)).not.toContain('secret');
    expect(factsOf(await timelineOf(order.id), 'incident_resolved')).toMatchObject([{ resolution: 'a secret word' }]);
  });

  it('without an order has a timeline of the receipt', async () => {
    const answer = await world.send(
      channel,
      channel.bank.paid({ ...orderless('bank-lost'), account: channel.account }),
    );
    expect(answer.status).toBe(204);
    await world.quiet();
    const { data } = await world.admin('get', '/receipts?provider_reference=bank-lost');
    expect(data).toMatchObject([{ order: null, status: 'settled', outcome: 'suspense', channel: channel.name }]);
    const timeline = await timelineOf(data[0].id);
    mustBeInOrder(timeline);
    expect(timeline).toMatchObject({ order: null, receipts: [data[0].id], pending: [] });
    expect([...new Set(kindsOf(timeline))].sort()).toEqual(
      [
        ...['callback_event', 'receipt_received', 'receipt_decided', 'receipt_settled'],
        ...['transaction_opened', 'transaction_decided', 'transaction_ended', 'hold_placed', 'hold_ended'],
        ...['entry_posted', 'voucher_requested', 'voucher_posted', 'voucher_request_done', 'incident_opened'],
      ].sort(),
    );
  });

  it('failed first, came twice, was paid twice: every event and both receipts are there', async () => {
    const order = await world.order(merchant);
    const first = { providerReference: 'bank-first', eventId: 'evt-1' };
    await world.send(channel, channel.bank.failed(world.payment(channel, order, { ...first, eventId: 'evt-0' })));
    const callback = world.paid(channel, order, first);
    await world.send(channel, callback).expect(204);
    await world.send(channel, callback).expect(204);
    await pay(order, { ...first, eventId: 'evt-2' });
    await pay(order, { providerReference: 'bank-second', amount: '100.00' });

    const timeline = await timelineOf(order.id);
    expect(timeline.receipts).toHaveLength(2);
    expect(factsOf(timeline, 'callback_event').map((facts) => [facts.verdict, facts.provider_reference])).toEqual([
      ['payment_failed', 'bank-first'],
      ['payment_succeeded', 'bank-first'],
      ['payment_succeeded', 'bank-first'],
      ['payment_succeeded', 'bank-second'],
    ]);
    expect(factsOf(timeline, 'receipt_settled').map((facts) => facts.outcome)).toEqual(['order_paid', 'suspense']);
    const [paying, second] = timeline.receipts;
    const ofFirst = await timelineOf(paying);
    expect(factsOf(ofFirst, 'callback_event')).toHaveLength(3);
    expect(kindsOf(ofFirst)).toContain('notification_created');
    const ofSecond = await timelineOf(second);
    expect(factsOf(ofSecond, 'incident_opened')).toMatchObject([{ kind: 'duplicate_payment' }]);
    expect(kindsOf(ofSecond)).not.toContain('notification_created');
    const told = await merchantTimeline(order);
    expect(factsOf(told, 'payment_received').map((facts) => facts.provider_reference)).toEqual([
      'bank-first',
      'bank-second',
    ]);
    expect(factsOf(told, 'payment_credited')).toHaveLength(1);
    expect(JSON.stringify(told)).not.toMatch(INTERNALS);
  });

  it('through a channel that does not serve the merchant is none of its business', async () => {
    const others = await world.channel(undefined, { merchants: [(await world.merchant()).id] });
    const order = await world.order(merchant);
    await world.send(others, world.paid(others, order, { providerReference: 'bank-astray' })).expect(503);
    expect((await timelineOf(order.id)).receipts).toHaveLength(1);
    const told = await merchantTimeline(order);
    expect(kindsOf(told)).toEqual(['order_created']);
    expect(told).toMatchObject({ under_review: false, left_out: [] });
    await world.query(
      `update orders.receipts set received_at = received_at - interval '2 minutes' where provider_reference = $1`,
      ['bank-astray'],
    );
  });

  it('that is still waiting says what is tried next', async () => {
    const order = await world.order(merchant);
    const unknown = { ...orderless('bank-early'), paymentReference: '0'.repeat(25), account: channel.account };
    await world.send(channel, channel.bank.paid(unknown)).expect(503);
    const { data } = await world.admin('get', '/receipts?status=waiting');
    expect(data).toMatchObject([{ provider_reference: 'bank-early', last_error: 'waits for the order' }]);
    const timeline = await timelineOf(data[0].id);
    expect(timeline.pending).toMatchObject([
      { what: 'receipt', status: 'waiting', next_try_at: expect.any(String), last_error: 'waits for the order' },
    ]);
    expect((await timelineOf(order.id)).pending).toEqual([]);
    // Its order appears after all, and recovery looks at it no earlier than the test has.
    await world.query(
      `update orders.receipts set payment_reference = $2, lease_token = null,
              next_try_at = clock_timestamp() + interval '1 hour' where id = $1 and status = 'waiting'`,
      [data[0].id.slice(4), order.payment_reference],
    );
    expect((await timelineOf(order.id)).pending).toHaveLength(1);
    await world.query(`update orders.receipts set next_try_at = clock_timestamp() where id = $1`, [
      data[0].id.slice(4),
    ]);
    await world.quiet();
  });
});

describe('a receipt with thousands of repetitions', () => {
  it('lists the newest of them and counts the others', async () => {
    const order = await world.order(merchant);
    await pay(order);
    const bare = order.id.slice(4);
    await world.query(
      `insert into orders.inbox_events (id, channel_id, event_key, verdict, receipt_id, outcome, callback_id, body_hash)
       select gen_random_uuid(), e.channel_id, 'again ' || n, e.verdict, e.receipt_id, e.outcome, e.callback_id, e.body_hash
         from orders.receipts r join orders.inbox_events e on e.receipt_id = r.id, generate_series(1, 5000) n
        where r.order_id = $1`,
      [bare],
    );
    await world.query(
      `insert into orders.global_transactions
         (gid, receipt_id, order_id, pays_order, status, cancelled, plan, legs_hash, deadline, next_try_at, decided_at, ended_at)
       select gen_random_uuid(), t.receipt_id, t.order_id, true, 'cancelled', true, t.plan, t.legs_hash, t.deadline,
              t.next_try_at, t.decided_at, t.ended_at
         from orders.global_transactions t, generate_series(1, 300) n where t.order_id = $1`,
      [bare],
    );
    const timeline = await timelineOf(order.id);
    expect(factsOf(timeline, 'callback_event')).toHaveLength(100);
    expect(factsOf(timeline, 'transaction_opened')).toHaveLength(20);
    expect(timeline.left_out).toEqual(
      expect.arrayContaining([
        { of: 'callback_events', count: 4901 },
        { of: 'transactions', count: 281 },
      ]),
    );
    await world.query(`delete from orders.global_transactions where order_id = $1 and status = 'cancelled'`, [bare]);
  });
});

describe('who may see what', () => {
  it('a merchant has no timeline of another’s order, nor the operator’s views', async () => {
    const other = await world.merchant();
    const order = await world.order(other);
    const get = (path: string) => world.http.get(path).set('Authorization', `Bearer ${merchant.key}`);
    const answer = await get(`/v1/orders/${order.id}/timeline`);
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    for (const path of [`orders/${order.id}/timeline`, 'orders', 'receipts', 'transactions']) {
      await get(`/admin/${path}`).expect(401);
    }
  });

  it.each([
    ['/orders/ord_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87/timeline', 404, 'not_found'],
    ['/receipts/rcp_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87/timeline', 404, 'not_found'],
    ['/transactions/gtx_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87', 404, 'not_found'],
    ['/receipts/rcp_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87', 404, 'not_found'],
    ['/orders/ord_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87', 404, 'not_found'],
    ['/orders/1/timeline', 400, 'invalid_request'],
    ["/orders/ord_'%20or%201=1/timeline", 400, 'invalid_request'],
    ['/receipts/ord_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87/timeline', 400, 'invalid_request'],
    ['/orders?status=paid&status=open', 400, 'invalid_request'],
    ['/orders?merchant=1', 400, 'invalid_request'],
    ['/orders?payment_reference=', 400, 'invalid_request'],
    ['/receipts?provider_reference=%0a', 400, 'invalid_request'],
    ['/receipts?provider_reference=%00', 400, 'invalid_request'],
    ['/receipts?status=lost', 400, 'invalid_request'],
    ['/receipts?cursor=x', 400, 'invalid_cursor'],
    ['/transactions?ended=perhaps', 400, 'invalid_request'],
    ['/transactions?limit=1e9', 400, 'invalid_request'],
    [`/receipts?provider_reference=${'x'.repeat(301)}`, 400, 'invalid_request'],
  ])('%s is answered with %i %s', async (path, status, code) => {
    const answer = await world.http.get(`/admin${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe('what an operator looks for', () => {
  it('finds an order by everything that it is called by', async () => {
    const order = await world.order(merchant);
    await pay(order, { providerReference: 'bank-find' });
    const found = async (query: string): Promise<string[]> =>
      (await world.admin('get', `/orders?${query}`)).data.map((one: Json) => one.id);
    expect(await found(`merchant=${merchant.id}`)).toEqual([order.id]);
    expect(await found(`merchant=${merchant.id}&status=paid`)).toEqual([order.id]);
    expect(await found(`merchant=${merchant.id}&status=open`)).toEqual([]);
    expect(await found(`payment_reference=${order.payment_reference.toUpperCase()}`)).toEqual([order.id]);
    expect(await found(`merchant_order_no=${order.merchant_order_no}`)).toEqual([order.id]);
    expect(await found(`merchant_order_no=${order.merchant_order_no}&merchant=${merchant.id}`)).toEqual([order.id]);
    expect(await found('provider_reference=bank-find')).toEqual([order.id]);
    expect(await found(`provider_reference=bank-find&status=closed`)).toEqual([]);
    const shown = await world.admin('get', `/orders/${order.id}`);
    expect(shown).toMatchObject({ id: order.id, merchant: merchant.id, status: 'paid', claimed_by: null });
    expect(await world.admin('get', `/receipts/${shown.paid_by}`)).toMatchObject({ order: order.id });
  });

  it('finds receipts and their transactions', async () => {
    const order = await world.order(merchant);
    await pay(order, { providerReference: 'bank-receipt' });
    const found = async (query: string): Promise<string[]> =>
      (await world.admin('get', `/receipts?${query}`)).data.map((one: Json) => one.provider_reference);
    expect(await found(`order=${order.id}`)).toEqual(['bank-receipt']);
    expect(await found('provider_reference=bank-receipt')).toEqual(['bank-receipt']);
    expect(await found(`payment_reference=${order.payment_reference}`)).toEqual(['bank-receipt']);
    expect(await found(`channel=${channel.name}&limit=1`)).toEqual(['bank-receipt']);
    expect(await found(`channel=${channel.name}&outcome=order_paid&status=settled&limit=1`)).toEqual(['bank-receipt']);
    expect(await found(`order=${order.id}&outcome=suspense`)).toEqual([]);
    for (const status of ['settling', 'decided', 'waiting']) expect(await found(`status=${status}`)).toEqual([]);

    const [{ id }] = (await world.admin('get', `/receipts?order=${order.id}`)).data;
    const { data } = await world.admin('get', `/transactions?receipt=${id}`);
    expect(data).toMatchObject([{ receipt: id, order: order.id, status: 'confirmed', next_try_at: null }]);
    expect(await world.admin('get', `/transactions/${data[0].id}`)).toMatchObject({ id: data[0].id, receipt: id });
    const open = await world.admin('get', '/transactions?ended=false');
    expect(open).toEqual({ data: [], next_cursor: null });
    for (const status of ['trying', 'confirming', 'cancelling']) {
      expect((await world.admin('get', `/transactions?status=${status}`)).data).toEqual([]);
    }
    expect((await world.admin('get', `/transactions?receipt=${id}&ended=true&status=confirmed`)).data).toHaveLength(1);
    expect((await world.admin('get', `/transactions?receipt=${id}&status=cancelled`)).data).toEqual([]);
  });
});

describe('the command line', () => {
  const operator = {
    get: (path: string) => world.admin('get', path.replace(/^\/admin/, '')),
    list: async (path: string, query: Record<string, string | undefined> = {}, limit = 100) => {
      const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
      const text = new URLSearchParams([...pairs, ['limit', String(Math.min(limit, 100))]]).toString();
      return (await world.admin('get', `${path.replace(/^\/admin/, '')}?${text}`)).data as Answer[];
    },
  } as unknown as ApiClient;

  async function run(...words: string[]): Promise<string> {
    const lines: string[] = [];
    const context = {
      ...commandContext({ line: (text) => void lines.push(text), text: (text) => void lines.push(text) }),
      config: () => ({ apiKey: undefined }) as ReturnType<ReturnType<typeof commandContext>['config']>,
      operator: () => operator,
    };
    const program = new Command('quittance').exitOverride();
    addOrderCommands(program, context);
    addPaymentCommands(program, context);
    addTimelineCommand(program, context);
    await program.parseAsync(['node', 'quittance', ...words]);
    return lines.join('\n');
  }

  it('tells the timeline as a text, by the order’s id, its number and the receipt', async () => {
    const order = await world.order(merchant);
    await pay(order, { providerReference: 'bank-\u202ecli', eventId: 'evt-cli' });
    const text = await run('timeline', order.id);
    expect(text).toMatch(/^\d{4}-\d\d-\d\d \(UTC\)\n\d\d:\d\d:\d\d\.\d{6} {2}order created /);
    expect(text).toContain('provider_reference=bank-?cli');
    expect(text).toMatch(/entry posted +transaction=gtx_\S+ participant=accounts branch=fund account=merchant\//);
    expect(await run('timeline', order.merchant_order_no, '--merchant', merchant.id)).toBe(text);
    expect(await run('timeline', order.merchant_order_no)).toBe(text);
    const json = JSON.parse(await run('timeline', order.id, '--json'));
    expect(await run('timeline', json.receipts[0])).toBe(text);
    await expect(run('timeline', 'no-such-number')).rejects.toThrow('no order has the number "no-such-number"');
  });

  it('lists and shows orders, receipts and transactions', async () => {
    const order = await world.order(merchant);
    await pay(order);
    expect(await run('orders', 'list', '--merchant', merchant.id)).toContain(order.id);
    expect(JSON.parse(await run('orders', 'show', order.merchant_order_no, '--json'))).toMatchObject({ id: order.id });
    const [receipt] = JSON.parse(await run('receipts', 'list', '--order', order.id, '--json'));
    expect(await run('receipts', 'show', receipt.id, '--field', 'status')).toBe('settled');
    const [transaction] = JSON.parse(await run('transactions', 'list', '--receipt', receipt.id, '--json'));
    expect(await run('transactions', 'show', transaction.id)).toContain(receipt.id);
    expect(await run('transactions', 'list', '--open')).toBe('none');
  });
});

function orderless(providerReference: string) {
  return { providerReference, amount: '7.00', currency: 'USD', live: true };
}
