import { type Row, inTransaction, statement } from '../../src/consistency/transaction';
import { contentHash } from '../../src/core/canonical';
import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { type Answer, type TestApi, type TestMerchant, testApi, like } from '../support/api';

/** Orders as a merchant makes, reads, lists and closes them, on a real database. */
let api: TestApi;
let merchant: TestMerchant;
const ids = createIds(systemClock);
let count = 0;
const order = (more: object = {}) => ({
  merchant_order_no: `no-${++count}`,
  amount: '100.00',
  currency: 'USD',
  ...more,
});
const orders = (sql: string, values: readonly unknown[] = []): Promise<Row[]> =>
  api.test.databases.orders.query(statement(`test.${contentHash(sql).slice(0, 32)}`, sql), values);
const bare = (id: string): string => id.slice(4);
/** When an order may expire, whatever today is. */
const LATER = new Date(Date.now() + 40 * 86_400_000).toISOString();

beforeAll(async () => {
  api = await testApi();
});
beforeEach(async () => {
  merchant = await api.merchant();
});
afterAll(() => api.close());

async function channel(name: string, serves: string, status = 'active'): Promise<void> {
  const id = ids.next();
  await orders(
    `insert into orders.channels (id, name, provider, receiving_account, live, serves_all, status)
     values ($1, $2, 'stripe', 'acct', true, $3, $4)`,
    [id, name, serves === 'all', status],
  );
  if (serves !== 'all') await orders('insert into orders.channel_merchants values ($1, $2)', [id, bare(serves)]);
}

/** A receipt that has claimed the order and is not settled yet. */
async function claim(orderId: string): Promise<void> {
  const name = `claiming-${++count}`;
  await channel(name, 'all');
  const receipt = ids.next();
  await orders(
    `insert into orders.receipts (id, provider, receiving_account, provider_reference, channel_id, amount, currency, status, next_try_at)
     select $1, 'stripe', 'acct', $2, id, 100, 'USD', 'settling', clock_timestamp() from orders.channels where name = $2`,
    [receipt, name],
  );
  await orders('update orders.orders set claimed_by = $1 where id = $2', [receipt, bare(orderId)]);
}

describe('an order', () => {
  it('is priced by the terms in force and shown the same everywhere', async () => {
    await api.admin('put', `/admin/merchants/${merchant.id}/fee-plans/USD`, { rate: '0.029', fixed: '0.30' });
    const rule = { points_per_unit: '1.5', point_value: '0.01' };
    await api.admin('put', `/admin/merchants/${merchant.id}/points-rules/USD`, rule);
    const payee = await api.admin('post', `/admin/merchants/${merchant.id}/accounts`, {
      reference: 'p',
      currency: 'USD',
    });
    await channel('card', 'all');
    const body = order({
      amount: '99.99',
      channels: ['card'],
      customer: 'anna',
      description: 'two tickets',
      metadata: { seat: '12A' },
      splits: [{ account: payee.body.id, amount: '5' }],
      expires_at: LATER,
    });
    const made = await merchant.call('post', '/v1/orders', body);
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      ...body,
      id: like(/^ord_/),
      payment_reference: like(/^[0-9a-z]{25}$/),
      fee: '3.20',
      net: '91.79',
      splits: [{ account: payee.body.id, amount: '5.00' }],
      points: '149',
      status: 'open',
      created_at: like(/Z$/),
      expires_at: LATER,
      paid_at: null,
      ended_at: null,
    });
    expect((await merchant.call('get', `/v1/orders/${made.body.id}`)).body).toEqual(made.body);
    expect((await merchant.call('get', `/v1/orders/by-number/${body.merchant_order_no}`)).body).toEqual(made.body);
    expect((await merchant.call('get', '/v1/orders')).body.data).toEqual([made.body]);
    const [row] = await orders('select splits, points_value from orders.orders where id = $1', [bare(made.body.id)]);
    expect(row).toEqual({
      splits: [{ account: `payee/${bare(payee.body.id)}`, account_id: bare(payee.body.id), amount: '5.00' }],
      points_value: '1.4900',
    });
  });

  it('without terms has no fee and no points, and without a customer no points', async () => {
    const plain = await merchant.call('post', '/v1/orders', order({ customer: 'anna' }));
    expect(plain.body).toMatchObject({ fee: '0.00', net: '100.00', points: '0', channels: null, metadata: {} });
    await api.admin('put', `/admin/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    expect((await merchant.call('post', '/v1/orders', order())).body.points).toBe('0');
    expect((await merchant.call('post', '/v1/orders', order({ customer: 'anna' }))).body.points).toBe('100');
  });

  it('is in its currency’s decimals', async () => {
    const yen = await merchant.call('post', '/v1/orders', order({ amount: '500', currency: 'JPY' }));
    const dinar = await merchant.call('post', '/v1/orders', order({ amount: '1.234', currency: 'KWD' }));
    expect([yen.body.amount, yen.body.fee, dinar.body.amount, dinar.body.net]).toEqual(['500', '0', '1.234', '1.234']);
  });

  it('keeps a number that needs encoding in a path', async () => {
    const body = order({ merchant_order_no: `a/b c%&?#ü ${++count}` });
    const made = await merchant.call('post', '/v1/orders', body);
    const found = await merchant.call('get', `/v1/orders/by-number/${encodeURIComponent(body.merchant_order_no)}`);
    expect(found.body).toEqual(made.body);
  });

  it('has a number that is unique for its merchant and free for others', async () => {
    const body = order();
    await merchant.call('post', '/v1/orders', body);
    const again = await merchant.call('post', '/v1/orders', body);
    expect([again.status, again.body.code]).toEqual([409, 'duplicate_order']);
    expect((await (await api.merchant()).call('post', '/v1/orders', body)).status).toBe(201);
  });

  it('of one number is made once by fifty that ask at once, and of fifty numbers fifty times', async () => {
    const one = order();
    const same = await Promise.all(Array.from({ length: 50 }, () => merchant.call('post', '/v1/orders', one)));
    expect(same.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(same.filter((answer) => answer.body.code === 'duplicate_order')).toHaveLength(49);
    const many = await Promise.all(Array.from({ length: 50 }, () => merchant.call('post', '/v1/orders', order())));
    expect(new Set(many.map((answer) => answer.body.payment_reference)).size).toBe(50);
  });

  it('that is refused hurts none of those that arrive with it', async () => {
    await api.admin('put', `/admin/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '999999' });
    const bodies = [
      order({ amount: '99999999999999999999.99', customer: 'anna' }),
      order(),
      order({ channels: ['nowhere'] }),
      order(),
      order({ expires_at: '2020-01-01T00:00:00Z' }),
    ];
    const answers = await Promise.all(bodies.map((body) => merchant.call('post', '/v1/orders', body)));
    expect(answers.map((answer) => answer.body.code ?? answer.status)).toEqual([
      'invalid_amount',
      201,
      'unknown_channel',
      201,
      'invalid_request',
    ]);
  });

  it('of another merchant is not found', async () => {
    const made = (await merchant.call('post', '/v1/orders', order())).body;
    const other = await api.merchant();
    const answers = await Promise.all([
      other.call('get', `/v1/orders/${made.id}`),
      other.call('get', `/v1/orders/by-number/${made.merchant_order_no}`),
      other.call('post', `/v1/orders/${made.id}/close`),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404]);
    expect((await other.call('get', '/v1/orders')).body.data).toEqual([]);
    expect((await merchant.call('get', `/v1/orders/${made.id}`)).body.status).toBe('open');
  });

  it('list is paged without gaps and filtered by status', async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1)
      made.unshift((await merchant.call('post', '/v1/orders', order())).body.id);
    await merchant.call('post', `/v1/orders/${made[2]}/close`);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Answer = await merchant.call('get', `/v1/orders?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.body.data.map((one) => one.id));
      cursor = page.body.next_cursor;
    }
    expect(seen).toEqual(made);
    const closed = (await merchant.call('get', '/v1/orders?status=closed')).body.data;
    expect(closed.map((one) => one.id)).toEqual([made[2]]);
  });
});

describe('an order is refused', () => {
  it.each([
    [{ amount: '0' }, 422, 'invalid_amount'],
    [{ amount: '-1' }, 422, 'invalid_amount'],
    [{ amount: '1e3' }, 422, 'invalid_amount'],
    [{ amount: ' 1' }, 422, 'invalid_amount'],
    [{ amount: '1.001' }, 422, 'invalid_amount'],
    [{ amount: '999999999999999999999' }, 422, 'invalid_amount'],
    [{ amount: 100 }, 400, 'invalid_request'],
    [{ currency: 'usd' }, 422, 'unknown_currency'],
    [{ currency: 'XAU' }, 422, 'unknown_currency'],
    [{ currency: 'JPY', amount: '1.5' }, 422, 'invalid_amount'],
    [{ merchant_order_no: '' }, 400, 'invalid_request'],
    [{ merchant_order_no: 'a\nb' }, 400, 'invalid_request'],
    [{ merchant_order_no: 'x'.repeat(129) }, 400, 'invalid_request'],
    [{ customer: 'x'.repeat(201) }, 400, 'invalid_request'],
    [{ channels: [] }, 400, 'invalid_request'],
    [{ channels: ['nowhere'] }, 422, 'unknown_channel'],
    [{ metadata: { a: 1 } }, 400, 'invalid_request'],
    [{ metadata: { a: 'x'.repeat(501) } }, 400, 'invalid_request'],
    [{ metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])) }, 400, 'invalid_request'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, 400, 'invalid_request'],
    [{ expires_at: '2999-01-01T00:00:00Z' }, 400, 'invalid_request'],
    [{ expires_at: '2027-02-30T00:00:00Z' }, 400, 'invalid_request'],
    [{ expires_at: '2027-01-01T00:00:00+23:00' }, 400, 'invalid_request'],
    [{ expires_at: 'tomorrow' }, 400, 'invalid_request'],
    [{ expires_at: '0000-01-01T00:00:00Z' }, 400, 'invalid_request'],
    [{ surprise: true }, 400, 'invalid_request'],
    [{ splits: [{ account: 'acc_1', amount: '1' }] }, 400, 'invalid_request'],
    [{ splits: [{ account: 'acc_00000000-0000-7000-8000-000000000000', amount: '1' }] }, 422, 'unknown_account'],
  ])('%j', async (more, status, code) => {
    const answer = await merchant.call('post', '/v1/orders', order(more));
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect((await merchant.call('get', '/v1/orders')).body.data).toEqual([]);
  });

  it('through channels that are disabled or serve others', async () => {
    const other = await api.merchant();
    await channel('mine', merchant.id);
    await channel('theirs', other.id);
    await channel('off', 'all', 'disabled');
    const codes = [];
    for (const name of ['mine', 'theirs', 'off']) {
      const answer = await merchant.call('post', '/v1/orders', order({ channels: [name] }));
      codes.push(answer.body.code ?? answer.status);
    }
    expect(codes).toEqual([201, 'unknown_channel', 'unknown_channel']);
  });

  it('with splits to accounts that may not receive it', async () => {
    const other = await api.merchant();
    const open = async (whose: TestMerchant, reference: string, currency = 'USD'): Promise<string> =>
      (await api.admin('post', `/admin/merchants/${whose.id}/accounts`, { reference, currency })).body.id;
    const own = await open(merchant, 'own');
    const frozen = await open(merchant, 'frozen');
    await api.admin('post', `/admin/accounts/${frozen}/freeze`);
    const split = async (...splits: [string, string][]): Promise<unknown> => {
      const body = order({ splits: splits.map(([account, amount]) => ({ account, amount })) });
      const answer = await merchant.call('post', '/v1/orders', body);
      return answer.body.code ?? answer.body.net;
    };
    expect(await split([own, '1'])).toBe('99.00');
    expect(await split([own, '100'])).toBe('0.00');
    expect(await split([own, '100.01'])).toBe('fee_exceeds_amount');
    expect(await split([own, '1'], [own, '2'])).toBe('invalid_request');
    expect(await split([own, '0'])).toBe('invalid_amount');
    expect(await split([frozen, '1'])).toBe('unknown_account');
    expect(await split([await open(other, 'theirs'), '1'])).toBe('unknown_account');
    expect(await split([await open(merchant, 'yen', 'JPY'), '1'])).toBe('unknown_account');
    await api.admin('put', `/admin/merchants/${merchant.id}/fee-plans/USD`, { rate: '0.5' });
    expect(await split([own, '50.01'])).toBe('fee_exceeds_amount');
    expect(await split([own, '50'])).toBe('0.00');
  });
});

describe('closing', () => {
  it('ends an open order once and announces it as the merchant sees it', async () => {
    const { id } = (await merchant.call('post', '/v1/orders', order())).body;
    api.announced.length = 0;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => merchant.call('post', `/v1/orders/${id}/close`)),
    );
    const closed = answers.filter((answer) => answer.status === 200);
    expect(closed).toHaveLength(1);
    expect(closed[0]!.body).toMatchObject({ id, status: 'closed', ended_at: like(/Z$/) });
    expect(answers.filter((answer) => answer.body.code === 'order_not_open')).toHaveLength(9);
    expect(api.announced).toMatchObject([
      { merchantId: bare(merchant.id), orderId: bare(id), type: 'order.closed', data: closed[0]!.body },
    ]);
  });

  it('leaves an order alone that a receipt has claimed', async () => {
    const { id } = (await merchant.call('post', '/v1/orders', order())).body;
    const headers = { 'Idempotency-Key': `close-${id}` };
    await claim(id);
    const answer = await merchant.call('post', `/v1/orders/${id}/close`, undefined, headers);
    expect([answer.status, answer.body.code]).toEqual([409, 'order_being_paid']);
    await orders('update orders.orders set claimed_by = null where id = $1', [bare(id)]);
    const later = await merchant.call('post', `/v1/orders/${id}/close`, undefined, headers);
    expect(later.body.status).toBe('closed');
  });

  it('waits for a claim that is not committed, and sees it', async () => {
    const { id } = (await merchant.call('post', '/v1/orders', order())).body;
    let closing: Promise<unknown> | undefined;
    await inTransaction(api.test.databases.orders, 'test', async (tx) => {
      const lock = statement('test.lock', 'select id from orders.orders where id = $1 for no key update');
      await tx.query(lock, [bare(id)]);
      closing = merchant.call('post', `/v1/orders/${id}/close`).then((answer) => answer.body.code);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await tx.query(
        statement(
          'test.pay',
          `with c as (insert into orders.channels (id, name, provider, receiving_account, live, serves_all)
                      values ($2, 'race', 'stripe', 'x', true, true) returning id),
                r as (insert into orders.receipts (id, provider, receiving_account, provider_reference, channel_id, amount,
                                                   currency, status, next_try_at)
                      select $2, 'stripe', 'x', 'race', c.id, 100, 'USD', 'settling', clock_timestamp() from c returning id)
           update orders.orders set claimed_by = r.id from r where orders.id = $1`,
        ),
        [bare(id), ids.next()],
      );
    });
    expect(await closing).toBe('order_being_paid');
  });
});

describe('expiry', () => {
  it('ends what is past its time by the database’s clock, unless it is claimed, and announces it', async () => {
    const made: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      const body = order({ expires_at: LATER });
      made.push((await merchant.call('post', '/v1/orders', body)).body.id);
    }
    const [late, claimed, closed, future] = made as [string, string, string, string];
    await merchant.call('post', `/v1/orders/${closed}/close`);
    await claim(claimed);
    await orders(`update orders.orders set expires_at = clock_timestamp() - interval '1 second' where id = any($1)`, [
      [late, claimed, closed].map(bare),
    ]);
    api.announced.length = 0;
    const counts = await Promise.all([api.expireOrders(10), api.expireOrders(10)]);
    expect(counts[0] + counts[1]).toBe(1);
    const status = async (id: string): Promise<string> => (await merchant.call('get', `/v1/orders/${id}`)).body.status;
    expect(await Promise.all([late, claimed, closed, future].map(status))).toEqual([
      'expired',
      'open',
      'closed',
      'open',
    ]);
    expect(api.announced.map((one) => [one.type, one.data['id'], one.data['status']])).toEqual([
      ['order.expired', late, 'expired'],
    ]);
    const answer = await merchant.call('post', `/v1/orders/${late}/close`);
    expect([answer.status, answer.body.code]).toEqual([409, 'order_not_open']);
  });

  it('takes no more than its list, and says how many', async () => {
    for (let index = 0; index < 3; index += 1) await merchant.call('post', '/v1/orders', order({ expires_at: LATER }));
    await orders(`update orders.orders set expires_at = clock_timestamp() - interval '1 hour' where merchant_id = $1`, [
      bare(merchant.id),
    ]);
    expect([await api.expireOrders(2), await api.expireOrders(2), await api.expireOrders(2)]).toEqual([2, 1, 0]);
  });
});
