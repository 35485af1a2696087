import { inTransaction } from '../../src/consistency/transaction';
import { operatorOf } from '../../src/config-operators';
import { systemClock } from '../../src/core/clock';
import { createIds, showId } from '../../src/core/ids';
import type { NewIncident } from '../../src/incidents/incident';
import { createIncidents } from '../../src/incidents/incidents-store';
import { PATIENT } from '../support/scenario';
import { type Json, OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/** What operators do about incidents, alone and several at once. */
const ALICE = 'alice-token-of-the-tests-only';
const BOB = 'bob-token-of-the-tests-only---';
const NOBODY = 'inc_00000000-0000-7000-8000-000000000000';
const ids = createIds(systemClock);
let world: World;
let count = 0;

beforeAll(async () => {
  world = await startWorld({
    operators: [operatorOf('alice', ALICE), operatorOf('bob', BOB)],
    ...PATIENT,
  });
});
afterAll(async () => {
  await world.mustBeSound();
  await world.stop();
});

const report = (...incidents: NewIncident[]): Promise<void> =>
  inTransaction(world.test.databases.orders, 'test', (tx) => createIncidents({ ids }).report(tx, incidents));
const call = (method: 'get' | 'post', path: string, body?: object, token = ALICE): Promise<Json> =>
  world.http[method](`/admin/incidents${path}`).set('Authorization', `Bearer ${token}`).send(body);
const opened = async (changes: Partial<NewIncident> = {}): Promise<Json> => {
  const subject = `s${++count}`;
  await report({ kind: 'late_payment', subject, facts: { received: '1.00 USD' }, ...changes });
  const [row] = await world.query<{ id: string }>('select id from orders.incidents where subject = $1', [subject]);
  return { id: `inc_${row!.id}`, subject };
};
const history = async (id: string): Promise<Json[]> => (await call('get', `/${id}`)).body.history;

describe('an incident', () => {
  it('is taken, noted, resolved and opened again, and its history tells by whom', async () => {
    const { id } = await opened();
    expect((await call('post', `/${id}/assign`, {})).body).toMatchObject({ assignee: 'alice', version: 2 });
    await call('post', `/${id}/notes`, { note: 'the bank was asked' }, BOB);
    const resolved = await call('post', `/${id}/resolve`, { note: 'paid back' });
    expect(resolved.body).toMatchObject({
      status: 'resolved',
      resolved_by: 'alice',
      resolution: 'paid back',
      version: 4,
    });
    const reopened = await call('post', `/${id}/reopen`, { note: 'it was not' }, BOB);
    expect(reopened.body).toMatchObject({ status: 'open', resolution: null, resolved_by: null, assignee: 'alice' });
    await call('post', `/${id}/unassign`);
    expect((await history(id)).map(({ number, kind, operator, note }) => [number, kind, operator, note])).toEqual([
      [1, 'opened', null, null],
      [2, 'assigned', 'alice', null],
      [3, 'noted', 'bob', 'the bank was asked'],
      [4, 'resolved', 'alice', 'paid back'],
      [5, 'reopened', 'bob', 'it was not'],
      [6, 'unassigned', 'alice', null],
    ]);
    const page = (await call('get', `/${id}/events?limit=4`)).body;
    const rest = (await call('get', `/${id}/events?limit=4&cursor=${page.next_cursor}`)).body;
    expect([...page.data, ...rest.data].map((one: Json) => one.number)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('shows its page, its severity and the commands that help, with its own ids in them', async () => {
    const orderId = ids.next<'order'>();
    const { id } = await opened({ orderId });
    const { body } = await call('get', `/${id}`);
    expect(body).toMatchObject({ severity: 'high', page: 'docs/incidents.md#late_payment' });
    expect(body.actions[0].command).toBe(`quittance timeline ${showId('order', orderId)}`);
  });

  it('stays resolved on the same facts, opens again on others, and says so in its history', async () => {
    const { id, subject } = await opened();
    await call('post', `/${id}/resolve`, { note: 'done' });
    await report({ kind: 'late_payment', subject, facts: { received: '1.00 USD' } });
    expect((await call('get', `/${id}`)).body).toMatchObject({ status: 'resolved', times_seen: 2, version: 2 });
    await report({ kind: 'late_payment', subject, facts: { received: '2.00 USD' } });
    await report({ kind: 'late_payment', subject, facts: { received: '3.00 USD' } });
    expect((await history(id)).map((one) => [one.kind, one.facts?.received ?? null])).toEqual([
      ['opened', '1.00 USD'],
      ['resolved', null],
      ['reopened', '2.00 USD'],
      ['seen_again', '3.00 USD'],
    ]);
  });

  it('that only counts attempts does not fill its history', async () => {
    const { id, subject } = await opened({ kind: 'voucher_stuck', facts: { attempts: '10', error: 'x' } });
    for (let attempts = 11; attempts < 20; attempts++) {
      await report({ kind: 'voucher_stuck', subject, facts: { attempts: String(attempts), error: 'x' } });
    }
    expect((await call('get', `/${id}`)).body).toMatchObject({ facts: { attempts: '19' }, times_seen: 10, version: 1 });
  });
});

describe('two operators at once', () => {
  it('resolve it once: every other hears 409', async () => {
    const { id } = await opened();
    const answers: Json[] = await Promise.all(
      Array.from({ length: 8 }, (_, i) => call('post', `/${id}/resolve`, { note: `n${i}` }, i % 2 === 0 ? ALICE : BOB)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'incident_not_open')).toHaveLength(7);
    expect(await history(id)).toHaveLength(2);
  });

  it('take it once; who wants it from another shows that this is known', async () => {
    const { id } = await opened();
    const answers: Json[] = await Promise.all([ALICE, BOB].map((token) => call('post', `/${id}/assign`, {}, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409).body.code).toBe('incident_assigned');
    const { assignee, version } = (await call('get', `/${id}`)).body;
    const other = assignee === 'alice' ? BOB : ALICE;
    expect((await call('post', `/${id}/assign`, { version: version - 1 }, other)).body.code).toBe('incident_changed');
    expect((await call('post', `/${id}/assign`, { version }, other)).status).toBe(200);
  });

  it('with the version that both have read change it once', async () => {
    const { id } = await opened();
    const answers: Json[] = await Promise.all(
      [ALICE, BOB].map((token) => call('post', `/${id}/notes`, { note: 'mine', version: 1 }, token)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

describe('refused', () => {
  it('is what does not fit its state, and what is not there', async () => {
    const { id } = await opened();
    const code = async (path: string, body: object): Promise<string> => (await call('post', path, body)).body.code;
    expect(await code(`/${id}/reopen`, { note: 'x' })).toBe('incident_not_resolved');
    await call('post', `/${id}/resolve`, { note: 'x' });
    expect(await code(`/${id}/assign`, {})).toBe('incident_not_open');
    expect(await code(`/${id}/unassign`, {})).toBe('incident_not_open');
    for (const path of ['resolve', 'reopen', 'notes'])
      expect(await code(`/${NOBODY}/${path}`, { note: 'x' })).toBe('not_found');
    expect((await call('get', `/${NOBODY}`)).status).toBe(404);
    expect((await call('get', `/${NOBODY}/events`)).status).toBe(404);
  });

  it.each([
    ['NUL', 'a\u0000b', 400],
    ['a control character', 'a\u001b[31mb', 400],
    ['half a surrogate pair', 'a\ud800', 400],
    ['nothing', '', 400],
    ['spaces', '   ', 400],
    ['2001 characters', 'x'.repeat(2_001), 400],
    ['a megabyte', 'x'.repeat(1_000_000), 413],
    ['a number', 5, 400],
  ])('is a note of %s', async (_name, note, status) => {
    const { id } = await opened();
    expect((await call('post', `/${id}/notes`, { note })).status).toBe(status);
    expect(await history(id)).toHaveLength(1);
  });

  it.each(['', ' ', 'a b', '-x', 'x'.repeat(65), 'a\nb'])('is the assignee %j', async (assignee) => {
    const { id } = await opened();
    expect((await call('post', `/${id}/assign`, { assignee })).status).toBe(400);
  });
});

describe('many', () => {
  it('of a kind are resolved together, bounded, and not what was seen since', async () => {
    const of = (from: number, to: number): NewIncident[] =>
      Array.from({ length: to - from }, (_, i) => ({ kind: 'phase_two_stuck', subject: `m${from + i}`, facts: {} }));
    await report(...of(0, 25));
    // A date has milliseconds only, and the database is faster than that.
    const [now] = await world.query<{ now: Date }>(
      `select clock_timestamp() + interval '2 milliseconds' as now, pg_sleep(0.005)`,
    );
    await report(...of(25, 30));
    const body = { kind: 'phase_two_stuck', before: now!.now.toISOString(), note: 'the database is back' };
    const first = (await call('post', '/resolve', { ...body, limit: 20 })).body;
    expect(first).toEqual({ resolved: 20, more: true });
    const [second, third]: Json[] = await Promise.all([
      call('post', '/resolve', body),
      call('post', '/resolve', body, BOB),
    ]);
    expect(Number(second.body.resolved) + Number(third.body.resolved)).toBe(5);
    const open = (await call('get', '?kind=phase_two_stuck&status=open&limit=100')).body.data;
    expect(open).toHaveLength(5);
    const [events] = await world.query<{ n: string }>(
      `select count(*) as n from orders.incident_events e join orders.incidents i on i.id = e.incident_id
        where i.kind = 'phase_two_stuck' and e.kind = 'resolved'`,
    );
    expect(events!.n).toBe('25');
  });

  it('are listed by severity, assignee, order and receipt', async () => {
    const orderId = ids.next<'order'>();
    const receiptId = ids.next<'receipt'>();
    const { id } = await opened({ kind: 'receipt_changed', orderId, receiptId });
    await call('post', `/${id}/assign`, { assignee: 'carol' });
    const found = async (query: string): Promise<string[]> =>
      (await call('get', `?${query}`)).body.data.map((one: Json) => one.id);
    expect(await found('severity=critical&assignee=carol')).toEqual([id]);
    expect(await found(`order=${showId('order', orderId)}&status=open`)).toEqual([id]);
    expect(await found(`receipt=${showId('receipt', receiptId)}&assigned=true`)).toEqual([id]);
    expect(await found('severity=low&assignee=carol')).toEqual([]);
    expect(await found('severity=low&kind=receipt_changed')).toEqual([]);
    expect(await found('assigned=false&limit=100')).not.toContain(id);
  });

  it('are found by the indexes of what is open, also by a plan that serves every value', async () => {
    await world.query(
      `insert into orders.incidents (id, kind, subject, status, assignee)
       select gen_random_uuid(), 'endpoint_gone', 'i' || n, case when n % 1000 = 0 then 'open' else 'resolved' end, 'a' || n % 500
         from generate_series(1, 20000) n`,
    );
    await world.query('analyze orders.incidents');
    const plan = async (where: string): Promise<string> =>
      JSON.stringify(
        await world.query(`explain select id from orders.incidents where ${where} order by id desc limit 21`),
      );
    expect(await plan(`status = 'open' and kind = any('{endpoint_gone}'::text[])`)).toMatch(/incidents_open/);
    expect(await plan(`assignee = 'a7'`)).toMatch(/incidents_by_assignee/);
    await world.query(`delete from orders.incidents where subject like 'i%'`);
  });
});

it('the database refuses to change a history', async () => {
  for (const text of [
    `update orders.incident_events set note = 'x'`,
    'delete from orders.incident_events',
    'truncate orders.incident_events',
  ]) {
    await expect(world.query(text)).rejects.toThrow(/append-only/);
  }
});

it('keeps the idempotency keys of two operators apart', async () => {
  const { id } = await opened();
  const note = (token: string): Promise<Json> =>
    world.http
      .post(`/admin/incidents/${id}/notes`)
      .set({ Authorization: `Bearer ${token}`, 'Idempotency-Key': 'same' })
      .send({ note: 'same' });
  const answers = [await note(ALICE), await note(BOB), await note(BOB), await note(OPERATOR_TOKEN)];
  expect(answers.map((one) => [one.status, one.headers['idempotency-replayed'] ?? 'ran'])).toEqual([
    [200, 'ran'],
    [200, 'ran'],
    [200, 'true'],
    [200, 'ran'],
  ]);
});
