import { statement } from '../../src/consistency/transaction';
import { type TestApi, testApi, like } from '../support/api';

/** Merchants, their keys and their terms, as the operator sets them up. */
let api: TestApi;

beforeAll(async () => {
  api = await testApi();
});
afterAll(() => api.close());

const NOBODY = 'mer_00000000-0000-7000-8000-000000000000';

describe('merchants', () => {
  it('are created, read and listed page by page, newest first', async () => {
    const made = [];
    for (const name of ['one', 'two', 'three']) made.push((await api.admin('post', '/admin/merchants', { name })).body);
    expect(made[0]).toMatchObject({ name: 'one', status: 'active', id: like(/^mer_/) });
    expect((await api.admin('get', `/admin/merchants/${made[0]!.id}`)).body).toEqual(made[0]);
    const first = (await api.admin('get', '/admin/merchants?limit=2')).body;
    expect(first.data).toEqual([made[2], made[1]]);
    const second = (await api.admin('get', `/admin/merchants?limit=2&cursor=${first.next_cursor}`)).body;
    expect(second.data[0]).toEqual(made[0]);
    expect(second.next_cursor).toBeNull();
  });

  it('have names of their own', async () => {
    await api.admin('post', '/admin/merchants', { name: 'twice' });
    const again = await api.admin('post', '/admin/merchants', { name: 'twice' });
    expect([again.status, again.body.code]).toEqual([409, 'name_taken']);
  });

  it('that are not there are not found', async () => {
    expect((await api.admin('get', `/admin/merchants/${NOBODY}`)).status).toBe(404);
    expect((await api.admin('post', `/admin/merchants/${NOBODY}/api-keys`, { name: 'x' })).status).toBe(404);
    expect((await api.admin('post', `/admin/merchants/${NOBODY}/suspend`)).status).toBe(404);
    expect((await api.admin('put', `/admin/merchants/${NOBODY}/fee-plans/USD`, { rate: '0' })).status).toBe(404);
    const payee = { reference: 'a', currency: 'USD' };
    expect((await api.admin('post', `/admin/merchants/${NOBODY}/accounts`, payee)).status).toBe(404);
  });
});

describe('API keys', () => {
  it('are shown once, stored hashed, and let the merchant in until they are revoked', async () => {
    const merchant = await api.merchant();
    expect((await merchant.call('get', '/v1/orders')).status).toBe(200);
    const { data } = (await api.admin('get', `/admin/merchants/${merchant.id}/api-keys`)).body;
    expect(data[0]).toMatchObject({ prefix: merchant.key.slice(0, 11), revoked_at: null });
    expect(JSON.stringify(data)).not.toContain(merchant.key.slice(12));
    const stored = await api.test.databases.orders.query(statement('test.keys', 'select * from orders.api_keys'));
    expect(JSON.stringify(stored)).not.toContain(merchant.key.slice(12));

    expect((await api.admin('delete', `/admin/merchants/${merchant.id}/api-keys/${data[0]!.id}`)).status).toBe(204);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const refused = await merchant.call('get', '/v1/orders');
    expect([refused.status, refused.body.code]).toEqual([401, 'unauthenticated']);
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it('of another merchant cannot be revoked by its path', async () => {
    const [one, other] = [await api.merchant(), await api.merchant()];
    const { data } = (await api.admin('get', `/admin/merchants/${one.id}/api-keys`)).body;
    expect((await api.admin('delete', `/admin/merchants/${other.id}/api-keys/${data[0]!.id}`)).status).toBe(404);
    expect((await one.call('get', '/v1/orders')).status).toBe(200);
  });

  it('of a suspended merchant are forbidden, and allowed again later', async () => {
    const merchant = await api.merchant();
    expect((await api.admin('post', `/admin/merchants/${merchant.id}/suspend`)).body.status).toBe('suspended');
    expect((await merchant.call('get', '/v1/orders')).status).toBe(403);
    await api.admin('post', `/admin/merchants/${merchant.id}/activate`);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await merchant.call('get', '/v1/orders')).status).toBe(200);
  });

  it('do not open the operator API, and the operator token not the merchants’', async () => {
    const merchant = await api.merchant();
    expect((await merchant.call('get', '/admin/merchants')).status).toBe(401);
    expect((await api.admin('get', '/v1/orders')).status).toBe(401);
  });
});

describe('terms', () => {
  it('are set per currency, replaced, and listed as they are in force', async () => {
    const { id } = await api.merchant();
    const path = `/admin/merchants/${id}/fee-plans`;
    const body = { rate: '0.029', fixed: '0.30', minimum: '0.5', maximum: '10', rounding: 'half_even' };
    await api.admin('put', `${path}/USD`, body);
    const second = await api.admin('put', `${path}/USD`, { rate: '0.01' });
    expect(second.body).toMatchObject({ rate: '0.01', fixed: '0.00', minimum: null, rounding: 'half_up' });
    await api.admin('put', `${path}/JPY`, { rate: '0.01', fixed: '30' });
    const { data } = (await api.admin('get', path)).body;
    expect(data.map((plan) => [plan['currency'], plan['fixed']])).toEqual([
      ['JPY', '30'],
      ['USD', '0.00'],
    ]);

    const rules = `/admin/merchants/${id}/points-rules`;
    await api.admin('put', `${rules}/USD`, { points_per_unit: '1.5', point_value: '0.01' });
    expect((await api.admin('get', rules)).body.data).toMatchObject([{ points_per_unit: '1.5', point_value: '0.01' }]);
  });

  it('set by several at once leave one in force', async () => {
    const { id } = await api.merchant();
    const path = `/admin/merchants/${id}/fee-plans`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => api.admin('put', `${path}/USD`, { rate: `0.0${index}` })),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect((await api.admin('get', path)).body.data).toHaveLength(1);
  });

  it.each([
    ['fee-plans/XXX', { rate: '0' }, 422, 'unknown_currency'],
    ['fee-plans/JPY', { rate: '0', fixed: '0.5' }, 422, 'invalid_amount'],
    ['fee-plans/USD', { rate: '0', fixed: '-1' }, 422, 'invalid_amount'],
    ['fee-plans/USD', { rate: '1.01' }, 400, 'invalid_request'],
    ['fee-plans/USD', { rate: 0.5 }, 400, 'invalid_request'],
    ['fee-plans/USD', { rate: '0', minimum: '2', maximum: '1' }, 400, 'invalid_request'],
    ['fee-plans/USD', { rate: '0', rounding: 'sideways' }, 400, 'invalid_request'],
    ['points-rules/USD', { points_per_unit: '0' }, 400, 'invalid_request'],
    ['points-rules/USD', { points_per_unit: '1000000' }, 400, 'invalid_request'],
    ['points-rules/XXX', { points_per_unit: '1' }, 422, 'unknown_currency'],
  ])('refuses %s %j', async (path, body, status, code) => {
    const { id } = await api.merchant();
    const answer = await api.admin('put', `/admin/merchants/${id}/${path}`, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe('health', () => {
  it('says whether the process lives and whether it is ready', async () => {
    expect((await api.admin('get', '/healthz')).body).toEqual({ status: 'ok' });
    expect((await api.admin('get', '/readyz')).status).toBe(200);
    api.ready.value = false;
    const missing = await api.admin('get', '/readyz');
    api.ready.value = true;
    expect([missing.status, missing.body]).toEqual([503, { status: 'not_ready', checks: { orders: false } }]);
  });
});
