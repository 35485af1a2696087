import { capturedLog } from '../support/captured-log';
import { lockTable } from '../support/session';
import { type Json, OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/** Who is woken at night learns from incident, metric and log what is stuck, why, since when, and when it is tried again. */
const FACTS = {
  attempts: expect.stringMatching(/^\d+$/),
  error: expect.any(String),
  next_try_at: expect.stringMatching(/^20\d\d-.*Z$/),
  age_seconds: expect.stringMatching(/^\d+$/),
};

const log = capturedLog();
let world: World;
const run = (name: string): Promise<number> => world.wired.sweeps.find((sweep) => sweep.name === name)!.run();
const incident = async (kind: string): Promise<Json> => {
  const { data } = await world.admin('get', `/incidents?kind=${kind}&limit=100`);
  return world.admin('get', `/incidents/${data[0].id}`);
};

beforeEach(async () => {
  world = await startWorld({ working: false, logger: log.logger });
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: 'http://127.0.0.1:65535/' });
  for (const changes of [{}, { paymentReference: 'nobodys' }, {}]) {
    await world.send(channel, world.paid(channel, await world.order(merchant), changes));
  }
  await world.wired.drain();
});
afterEach(() => world.stop());

async function metric(name: string, work: string): Promise<number> {
  const { text } = await world.http.get('/metrics').set('Authorization', `Bearer ${OPERATOR_TOKEN}`);
  return Number(new RegExp(`^${name}\\{\\w+="${work}"\\} (\\S+)$`, 'm').exec(text)?.[1]);
}

it('tells what nobody gets at: in incidents with their facts, one line each in the log, and the metrics', async () => {
  expect(await run('stuck work')).toBe(0);
  expect(await world.incidents()).toEqual([]);
  const old = `last_error = 'the reason', attempts = 3, next_try_at = now() - interval '20 minutes'`;
  const hour = `now() - interval '1 hour'`;
  await world.query(`update orders.receipts set ${old}, received_at = ${hour} where status = 'waiting'`);
  await world.query(
    `update orders.outbox set ${old}, created_at = ${hour} where id = (select min(id::text)::uuid from orders.outbox)`,
  );
  await world.query(
    `update orders.notifications set ${old} where id = (select min(id::text)::uuid from orders.notifications)`,
  );
  await world.query(`update orders.global_transactions set ${old}, status = 'confirming', ended_at = null, created_at = ${hour}
    where gid = (select min(gid::text)::uuid from orders.global_transactions)`);
  const lines = log.lines().length;
  expect(await run('stuck work')).toBe(4);
  expect(await world.incidents()).toEqual(['phase_two_stuck', 'receipt_stuck', 'voucher_stuck']);
  for (const kind of ['receipt_stuck', 'phase_two_stuck', 'voucher_stuck']) {
    const { facts, actions } = await incident(kind);
    expect(facts).toMatchObject({ ...FACTS, error: 'the reason', attempts: '3' });
    expect(Number(facts.age_seconds)).toBeGreaterThanOrEqual(3_600);
    expect(actions.map((one: Json) => one.command)).toContain('quittance retry --all-due');
  }
  const told = log
    .lines()
    .slice(lines)
    .filter((line) => line['event'] === 'work.stuck');
  expect(told.map((line) => line['work'])).toEqual(['receipts', 'transactions', 'messages', 'notifications']);
  for (const line of told) {
    const said = { stuck: 1, attempts: 3, most_attempts: 3, reason: 'the reason', trace_id: expect.any(String) };
    expect(line).toMatchObject({ ...said, oldest: expect.any(String), next_try_at: expect.any(String) });
    expect(line['oldest_seconds']).toBeGreaterThanOrEqual(1_200);
  }
  for (const work of ['receipts', 'transactions', 'messages', 'notifications']) {
    expect([work, await metric('quittance_work_stuck', work)]).toEqual([work, 1]);
    expect([work, await metric('quittance_work_most_attempts', work)]).toEqual([work, 3]);
  }
});

it('tells the same again without a new entry of its history, and reopens it while it lasts', async () => {
  await world.query(`update orders.receipts set received_at = now() - interval '1 hour' where status = 'waiting'`);
  await run('stuck work');
  await world.query(`update orders.receipts set received_at = now() - interval '2 hours', attempts = 30,
    next_try_at = now() where status = 'waiting'`);
  await run('stuck work');
  const seen = await incident('receipt_stuck');
  expect(seen).toMatchObject({ times_seen: 2, version: 1, facts: { attempts: '30' } });
  await world.admin('post', `/incidents/${seen.id}/resolve`, { note: 'it should be gone' });
  await world.query(`update orders.receipts set attempts = 31 where status = 'waiting'`);
  await run('stuck work');
  expect(await incident('receipt_stuck')).toMatchObject({ status: 'open', times_seen: 3 });
});

it('tells what recovery has failed at, with the time at which it tries again', async () => {
  // A hold that is gone: no Confirm can succeed.
  const [{ gid }] = (await world.query<{ gid: string }>(
    `update orders.global_transactions set status = 'confirming', ended_at = null, attempts = 7, next_try_at = now()
      where gid = (select min(gid::text)::uuid from orders.global_transactions) returning gid`,
  )) as [{ gid: string }];
  await world.query(`delete from accounts.holds where gid = '${gid}'`);
  expect(await run('transactions')).toBe(1);
  const { facts, transaction, receipt } = await incident('phase_two_stuck');
  expect(facts).toMatchObject({ ...FACTS, status: 'confirming', attempts: '8' });
  expect(facts.error).toMatch(/second phase/);
  expect([transaction, receipt.slice(0, 4)]).toEqual([`gtx_${gid}`, 'rcp_']);
  const [row] = await world.query<{ next_try_at: Date }>(
    `select next_try_at from orders.global_transactions where gid = '${gid}'`,
  );
  expect(facts.next_try_at).toBe(row!.next_try_at.toISOString());
  expect(row!.next_try_at.getTime()).toBeGreaterThan(Date.now());
});

it('tells which voucher cannot be posted, with the time at which it is tried again', async () => {
  const [row] = await world.query<{ id: string }>(
    `update orders.outbox set payload = '{}', attempts = 9, next_try_at = now(), enqueued_until = now()
      where id = (select min(id::text)::uuid from orders.outbox) returning id`,
  );
  await world.wired.outbox.handle([row!.id] as never);
  const { facts } = await incident('voucher_stuck');
  expect(facts).toMatchObject({ ...FACTS, attempts: '10', message: row!.id });
});

it('goes on behind holds that it cannot end, however many there are', async () => {
  const channel = (
    await world.query<{ receipt_id: string }>(`select receipt_id from orders.global_transactions limit 1`)
  )[0]!;
  await world.query(
    `insert into accounts.holds (gid, branch, status, created_at)
     select gen_random_uuid(), 'fund', 'held', now() - interval '2 hours' - n * interval '1 second' from generate_series(1, 450) n`,
  );
  const [left] = await world.query<{ gid: string }>(
    `insert into orders.global_transactions (gid, receipt_id, pays_order, status, cancelled, plan, legs_hash, deadline, ended_at)
     values (gen_random_uuid(), '${channel.receipt_id}', false, 'cancelled', true, '{"branches": []}', '', now(), now()) returning gid`,
  );
  await world.query(
    `insert into accounts.holds (gid, branch, status, created_at) values ('${left!.gid}', 'fund', 'held', now() - interval '1 hour')`,
  );
  expect(await metric('quittance_oldest_open_hold_seconds', 'accounts')).toBeGreaterThan(7_200);
  expect(await run('open holds')).toBe(1);
  const held = await world.query<{ status: string; count: string }>(
    `select status, count(*) from accounts.holds where status <> 'confirmed' group by 1 order by 1`,
  );
  expect(held).toEqual([
    { status: 'cancelled', count: '1' },
    { status: 'held', count: '450' },
  ]);
  const found = await world.query<{ count: string }>(
    `select count(*) from orders.incidents where kind = 'hold_without_transaction' and facts ? 'since'`,
  );
  expect(found).toEqual([{ count: '450' }]);
});

it('ends the holds of one participant while another does not answer', async () => {
  const [receipt] = await world.query<{ id: string }>(`select id from orders.receipts limit 1`);
  const [left] = await world.query<{ gid: string }>(
    `insert into orders.global_transactions (gid, receipt_id, pays_order, status, cancelled, plan, legs_hash, deadline, ended_at)
     values (gen_random_uuid(), '${receipt!.id}', false, 'cancelled', true, '{"branches": []}', '', now(), now()) returning gid`,
  );
  await world.query(
    `insert into points.holds (gid, branch, status, created_at) values ('${left!.gid}', 'points', 'held', now() - interval '1 hour')`,
  );
  const silent = await lockTable(world.test.urls.accounts, 'accounts.holds', 'access exclusive');
  await expect(run('open holds')).rejects.toThrow(/database accounts is unavailable/);
  await silent.release();
  expect(await world.query(`select status from points.holds where gid = '${left!.gid}'`)).toEqual([
    { status: 'cancelled' },
  ]);
});
