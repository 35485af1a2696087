import { statement } from '../../src/consistency/transaction';
import { contentHash } from '../../src/core/canonical';
import { createSealer } from '../../src/core/sealing';
import { createIdempotencyKeys } from '../../src/http/idempotency-keys';
import { type TestApi, type TestMerchant, testApi } from '../support/api';

/** A POST with a key runs once: whatever is repeated, and whenever a process dies. */
let api: TestApi;
let merchant: TestMerchant;
let count = 0;
const order = () => ({ merchant_order_no: `no-${++count}`, amount: '10.00', currency: 'USD' });
const key = () => ({ 'Idempotency-Key': `key-${++count}` });
const sql = (text: string, values: readonly unknown[] = []) =>
  api.test.databases.orders.query<{ caller: string; body: string | null }>(
    statement(`test.${contentHash(text).slice(0, 32)}`, text),
    values,
  );

beforeAll(async () => {
  api = await testApi();
  merchant = await api.merchant();
});
afterAll(() => api.close());

it('gives the same answer byte for byte, without running again', async () => {
  const [body, headers] = [order(), key()];
  const first = await merchant.call('post', '/v1/orders', body, headers);
  const reordered = { currency: 'USD', amount: '10.00', merchant_order_no: body.merchant_order_no };
  const second = await merchant.call('post', '/v1/orders', reordered, headers);
  expect([first.status, second.status, second.text]).toEqual([201, 201, first.text]);
  expect(first.headers['idempotency-replayed']).toBeUndefined();
  expect(second.headers['idempotency-replayed']).toBe('true');
  expect(second.headers['content-type']).toBe(first.headers['content-type']);
});

it('refuses other content, another path, and a body that differs in one field', async () => {
  const [body, headers] = [order(), key()];
  const { id } = (await merchant.call('post', '/v1/orders', body, headers)).body;
  const codes = [
    await merchant.call('post', '/v1/orders', { ...body, amount: '10.01' }, headers),
    await merchant.call('post', '/v1/orders', undefined, headers),
    await merchant.call('post', `/v1/orders/${id}/close`, undefined, headers),
  ].map((answer) => [answer.status, answer.body.code]);
  expect(codes).toEqual(codes.map(() => [409, 'idempotency_conflict']));
});

it('keeps the keys of two callers apart', async () => {
  const [body, headers, other] = [order(), key(), await api.merchant()];
  const mine = await merchant.call('post', '/v1/orders', body, headers);
  const theirs = await other.call('post', '/v1/orders', body, headers);
  expect([mine.status, theirs.status]).toEqual([201, 201]);
  expect(theirs.body.id).not.toBe(mine.body.id);
});

it('lets one of many at once run; the others meet it running or answered', async () => {
  const headers = key();
  let answered = 0;
  const all = Promise.all(
    Array.from({ length: 20 }, async () => {
      const answer = await api.admin('post', '/admin/faults/slow', { a: 1 }, headers);
      answered += 1;
      return answer;
    }),
  );
  while (answered < 19) await new Promise((resolve) => setTimeout(resolve, 10));
  api.finishSlow();
  const answers = await all;
  const ran = answers.filter((one) => one.status === 201 && one.headers['idempotency-replayed'] === undefined);
  const running = answers.filter((one) => one.body.code === 'idempotency_in_progress');
  expect(ran).toHaveLength(1);
  expect(ran.length + running.length).toBe(20);
  expect(running[0]!.headers['retry-after']).toBe('1');
  expect((await api.admin('post', '/admin/faults/slow', { a: 1 }, headers)).text).toBe(ran[0]!.text);
});

it('keeps refusals, and neither faults nor what is only true for the moment', async () => {
  const [refused, failed] = [key(), key()];
  const first = await merchant.call('post', '/v1/orders', { ...order(), amount: '0' }, refused);
  expect(first.status).toBe(422);
  const boom = [
    await api.admin('post', '/admin/faults/boom', {}, failed),
    await api.admin('post', '/admin/faults/boom', {}, failed),
  ];
  expect(boom.map((answer) => [answer.status, answer.headers['idempotency-replayed']])).toEqual([
    [500, undefined],
    [500, undefined],
  ]);
  expect(await sql('select * from orders.idempotency_keys where key = $1', [failed['Idempotency-Key']])).toEqual([]);
});

it('does not keep a secret that is shown once in clear', async () => {
  const headers = key();
  const first = await api.admin('post', `/admin/merchants/${merchant.id}/api-keys`, { name: 'k' }, headers);
  const second = await api.admin('post', `/admin/merchants/${merchant.id}/api-keys`, { name: 'k' }, headers);
  expect(second.body.key).toBe(first.body.key);
  const [row] = await sql('select * from orders.idempotency_keys where key = $1', [headers['Idempotency-Key']]);
  expect(row!.caller).toBe('operator');
  expect(row!.body).not.toContain(first.body.key.slice(12));
});

it('finds its own order again where the process died before the answer was kept', async () => {
  const [body, headers] = [order(), key()];
  const first = await merchant.call('post', '/v1/orders', body, headers);
  await sql(
    `update orders.idempotency_keys set status = null, body = null, lease_until = clock_timestamp() + interval '1 minute'
      where key = $1`,
    [headers['Idempotency-Key']],
  );
  const early = await merchant.call('post', '/v1/orders', body, headers);
  expect([early.status, early.body.code]).toEqual([409, 'idempotency_in_progress']);
  await sql(`update orders.idempotency_keys set lease_until = clock_timestamp() - interval '1 second' where key = $1`, [
    headers['Idempotency-Key'],
  ]);
  const retried = await merchant.call('post', '/v1/orders', body, headers);
  expect([retried.status, retried.body]).toEqual([201, first.body]);
  expect((await merchant.call('post', '/v1/orders', body, headers)).text).toBe(retried.text);
  expect((await merchant.call('post', '/v1/orders', body, key())).body.code).toBe('duplicate_order');
});

it('does not let a process write its answer whose lease was taken over', async () => {
  const keys = createIdempotencyKeys({ db: api.test.databases.orders, sealer: createSealer([Buffer.alloc(32, 7)]) });
  const attempt = { caller: 'operator', key: `late-${++count}`, contentHash: 'a' };
  const slow = await keys.begin(attempt);
  await sql(`update orders.idempotency_keys set lease_until = clock_timestamp() - interval '1 second' where key = $1`, [
    attempt.key,
  ]);
  const next = await keys.begin(attempt);
  if (slow.kind !== 'begun' || next.kind !== 'begun') throw new Error('both have begun');
  await keys.finish(attempt, slow.lease, { status: 201, body: 'late' });
  await keys.finish(attempt, slow.lease, undefined);
  expect(await keys.begin(attempt)).toEqual({ kind: 'running' });
  await keys.finish(attempt, next.lease, { status: 201, body: 'mine' });
  expect(await keys.begin(attempt)).toEqual({ kind: 'answered', answer: { status: 201, body: 'mine' } });
  expect(await keys.begin({ ...attempt, contentHash: 'b' })).toEqual({ kind: 'other_content' });
});

it('forgets keys that are old', async () => {
  const keys = createIdempotencyKeys({ db: api.test.databases.orders, sealer: createSealer([Buffer.alloc(32, 7)]) });
  await keys.begin({ caller: 'operator', key: 'ancient', contentHash: 'a' });
  await sql(
    `update orders.idempotency_keys set created_at = clock_timestamp() - interval '3 days' where key = 'ancient'`,
  );
  expect(await keys.forget(48, 100)).toBe(1);
  expect(await keys.forget(48, 100)).toBe(0);
});

it.each(['', 'a b', 'ü', 'x'.repeat(256)])('refuses the key %j', async (bad) => {
  const encoded = bad === 'ü' ? Buffer.from(bad).toString('latin1') : bad;
  const answer = await merchant.call('post', '/v1/orders', order(), { 'Idempotency-Key': encoded });
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
});
