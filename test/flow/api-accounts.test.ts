import { createParticipant } from '../../src/balances/participant';
import { inTransaction } from '../../src/consistency/transaction';
import type { Branch, Leg } from '../../src/consistency/tcc/participant';
import { systemClock } from '../../src/core/clock';
import { type AccountId, createIds } from '../../src/core/ids';
import { createIncidents } from '../../src/incidents/incidents-store';
import type { NewIncident } from '../../src/incidents/incident';
import { type Shown, type TestApi, type TestMerchant, testApi, like } from '../support/api';

/** What the API says of accounts, points and incidents, beside a participant that moves them. */
const ids = createIds(systemClock);
let api: TestApi;
let merchant: TestMerchant;
let funds: ReturnType<typeof createParticipant>;
let points: ReturnType<typeof createParticipant>;

beforeAll(async () => {
  api = await testApi();
  funds = createParticipant({ db: api.test.databases.accounts, ids });
  points = createParticipant({ db: api.test.databases.points, ids });
});
beforeEach(async () => {
  merchant = await api.merchant();
});
afterAll(() => api.close());

const bare = (id: string): string => id.slice(4);
const branch = (...legs: Leg[]): Branch => ({ gid: ids.next(), branch: 'fund', legs });
const into = (amount: string, kind = 'merchant', unit = 'USD', owner = bare(merchant.id)): Leg => ({
  account: kind === 'merchant' ? `merchant/${owner}/${unit}` : `${kind}/${unit}`,
  direction: 'in',
  amount,
  opens: { kind, owner: kind === 'merchant' ? owner : 'quittance', unit },
});
const outOf = (amount: string): Leg => ({ account: `merchant/${bare(merchant.id)}/USD`, direction: 'out', amount });
const settle = async (one: Branch, participant = funds): Promise<void> => {
  await participant.try([one]);
  await participant.confirm([one]);
};
const own = async (): Promise<Shown> => (await merchant.call('get', '/v1/accounts')).body.data[0]!;

describe('a merchant’s accounts', () => {
  it('show what is settled, reserved, available and pending at every moment', async () => {
    expect((await merchant.call('get', '/v1/accounts')).body).toEqual({ data: [], next_cursor: null });
    const [first, second, out] = [branch(into('10.50')), branch(into('4.50')), branch(outOf('3'))];
    await funds.try([first]);
    expect(await own()).toMatchObject({ balance: '0.00', available: '0.00', pending: '10.50', currency: 'USD' });
    await funds.confirm([first]);
    await funds.try([second, out]);
    const account = await own();
    expect(account).toMatchObject({
      balance: '10.50',
      reserved: '3.00',
      available: '7.50',
      pending: '4.50',
      status: 'open',
    });
    expect((await merchant.call('get', `/v1/accounts/${account.id}`)).body).toEqual(account);
    await funds.cancel([second]);
    await funds.confirm([out]);
    expect(await own()).toMatchObject({ balance: '7.50', reserved: '0.00', available: '7.50', pending: '0.00' });
  });

  it('have entries with a running balance, newest first, page by page', async () => {
    for (const amount of ['1', '2', '3']) await settle(branch(into(amount)));
    const { id } = await own();
    const first = (await merchant.call('get', `/v1/accounts/${id}/entries?limit=2`)).body;
    expect(first.data).toMatchObject([
      { number: 3, amount: '3.00', balance_after: '6.00', id: like(/^ent_/) },
      { number: 2, amount: '2.00', balance_after: '3.00', transaction: like(/^gtx_/) },
    ]);
    const rest = (await merchant.call('get', `/v1/accounts/${id}/entries?limit=2&cursor=${first.next_cursor}`)).body;
    expect(rest).toMatchObject({ data: [{ number: 1 }], next_cursor: null });
    const foreign = Buffer.from(JSON.stringify({ after: bare(merchant.id) })).toString('base64url');
    expect((await merchant.call('get', `/v1/accounts/${id}/entries?cursor=${foreign}`)).body.code).toBe(
      'invalid_cursor',
    );
  });

  it('are nobody else’s', async () => {
    await settle(branch(into('1')));
    const { id } = await own();
    const other = await api.merchant();
    expect((await other.call('get', `/v1/accounts/${id}`)).status).toBe(404);
    expect((await other.call('get', `/v1/accounts/${id}/entries`)).status).toBe(404);
    expect((await other.call('get', '/v1/accounts')).body.data).toEqual([]);
  });

  it('include those of its payees, one per reference and currency', async () => {
    const path = `/admin/merchants/${merchant.id}/accounts`;
    const opened = await api.admin('post', path, { reference: 'promoter', currency: 'USD' });
    expect([opened.status, opened.body]).toMatchObject([
      201,
      { kind: 'payee', reference: 'promoter', owner: merchant.id, currency: 'USD', balance: '0.00' },
    ]);
    expect((await api.admin('post', path, { reference: 'promoter', currency: 'JPY' })).status).toBe(201);
    expect((await api.admin('post', path, { reference: 'promoter', currency: 'USD' })).body.code).toBe('name_taken');
    expect((await api.admin('post', path, { reference: 'promoter', currency: 'XXX' })).body.code).toBe(
      'unknown_currency',
    );
    expect((await merchant.call('get', '/v1/accounts')).body.data).toHaveLength(2);
    expect((await api.admin('get', `/admin/accounts?owner=${merchant.id}&kind=payee`)).body.data).toHaveLength(2);
    expect((await api.admin('get', `/admin/accounts?owner=${merchant.id}&kind=merchant`)).body.data).toEqual([]);
  });
});

describe('the status of an account', () => {
  const act = async (id: string, verb: string): Promise<unknown> => {
    const answer = await api.admin('post', `/admin/accounts/${id}/${verb}`);
    return answer.body.code ?? answer.body.status;
  };

  it('frozen refuses Try and nothing else, as often as one says it', async () => {
    await settle(branch(into('1')));
    const { id } = await own();
    const held = branch(into('2'));
    await funds.try([held]);
    expect([await act(id, 'freeze'), await act(id, 'freeze')]).toEqual(['frozen', 'frozen']);
    expect(await funds.try([branch(into('1'))])).toMatchObject([{ kind: 'refused', reason: 'frozen' }]);
    expect(await funds.confirm([held])).toEqual([{ kind: 'confirmed' }]);
    expect([await act(id, 'unfreeze'), await act(id, 'unfreeze')]).toEqual(['open', 'open']);
    expect(await funds.try([branch(into('1'))])).toEqual([{ kind: 'held' }]);
  });

  it('closed is only what is empty and has no open holds, and it stays closed', async () => {
    const held = branch(into('5'));
    await funds.try([held]);
    const { id } = await own();
    expect(await act(id, 'close')).toBe('account_has_holds');
    await funds.confirm([held]);
    expect(await act(id, 'close')).toBe('account_not_empty');
    await settle(branch(outOf('5')));
    expect(await act(id, 'close')).toBe('closed');
    expect([await act(id, 'close'), await act(id, 'freeze'), await act(id, 'unfreeze')]).toEqual([
      'conflict',
      'conflict',
      'conflict',
    ]);
    expect(await funds.try([branch(into('1'))])).toMatchObject([{ kind: 'refused', reason: 'closed' }]);
  });

  it('closing and Try side by side never leave a hold on a closed account', async () => {
    for (let round = 0; round < 10; round += 1) {
      const fresh = await api.merchant();
      const leg = into('1', 'merchant', 'USD', bare(fresh.id));
      const first = branch(leg);
      await funds.try([first]);
      await funds.cancel([first]);
      const { id } = (await fresh.call('get', '/v1/accounts')).body.data[0]!;
      const racing = branch(leg);
      const [closed, [tried]] = await Promise.all([api.accounts.close(bare(id) as AccountId), funds.try([racing])]);
      expect([
        ['done', 'refused'],
        ['has_holds', 'held'],
      ]).toContainEqual([closed.kind, tried!.kind]);
    }
  });

  it('of suspense and fees cannot be changed, and of what is not there neither', async () => {
    await settle(branch(into('1', 'suspense'), into('1', 'fees')));
    for (const kind of ['suspense', 'fees']) {
      const { data } = (await api.admin('get', `/admin/accounts?kind=${kind}`)).body;
      expect(data).toMatchObject([{ kind, owner: 'quittance' }]);
      for (const verb of ['freeze', 'unfreeze', 'close'])
        expect(await act(data[0]!.id, verb)).toBe('account_protected');
    }
    expect(await act('acc_00000000-0000-7000-8000-000000000000', 'freeze')).toBe('not_found');
  });
});

describe('points', () => {
  const earn = (customer: string, amount: string): Branch =>
    branch({
      account: `customer/${bare(merchant.id)}/${customer}`,
      direction: 'in',
      amount,
      opens: { kind: 'customer', owner: `${bare(merchant.id)}/${customer}`, unit: 'POINTS' },
    });

  it('of a customer are whole, zero where nothing is known, and per merchant', async () => {
    const customer = 'anna/b c%';
    const path = `/v1/customers/${encodeURIComponent(customer)}/points`;
    const none = { customer, balance: '0', reserved: '0', available: '0', pending: '0', status: 'open' };
    expect((await merchant.call('get', path)).body).toEqual(none);
    await settle(earn(customer, '120'), points);
    await points.try([earn(customer, '30')]);
    expect((await merchant.call('get', path)).body).toEqual({
      ...none,
      balance: '120',
      available: '120',
      pending: '30',
    });
    expect((await (await api.merchant()).call('get', path)).body).toEqual(none);
    const { data } = (await api.admin('get', `/admin/points-accounts?owner=${merchant.id}`)).body;
    expect(data).toMatchObject([{ owner: merchant.id, customer, unit: 'POINTS', balance: '120' }]);
    expect((await api.admin('post', `/admin/points-accounts/${data[0]!.id}/freeze`)).body.status).toBe('frozen');
    expect(await points.try([earn(customer, '1')])).toMatchObject([{ kind: 'refused', reason: 'frozen' }]);
  });
});

describe('incidents', () => {
  const report = (...incidents: NewIncident[]): Promise<void> =>
    inTransaction(api.test.databases.orders, 'test', (tx) => createIncidents({ ids }).report(tx, incidents));
  const listed = async (query: string): Promise<readonly Shown[]> =>
    (await api.admin('get', `/admin/incidents?${query}`)).body.data;

  it('are counted per kind and subject, within a list and over lists', async () => {
    const late: NewIncident = { kind: 'late_payment', subject: 'r1', facts: { received: '1.00 USD' } };
    await report(late, { ...late, kind: 'amount_mismatch' }, late);
    await report(late);
    expect(await listed('kind=late_payment')).toMatchObject([
      { subject: 'r1', times_seen: 3, status: 'open', facts: late.facts, id: like(/^inc_/) },
    ]);
    expect(await listed('status=open')).toHaveLength(2);
  });

  it('stay resolved when the same is seen again, and open again on new facts', async () => {
    const one: NewIncident = { kind: 'voucher_stuck', subject: 'v1', facts: { a: '1' } };
    await report(one);
    await api.test.databases.orders.knex.raw(
      `update orders.incidents set status = 'resolved', resolved_at = now(), resolution = 'done' where subject = 'v1'`,
    );
    await report(one);
    expect(await listed('kind=voucher_stuck')).toMatchObject([
      { status: 'resolved', resolution: 'done', times_seen: 2 },
    ]);
    await report({ ...one, facts: { a: '2' } });
    expect(await listed('kind=voucher_stuck')).toMatchObject([{ status: 'open', resolution: null, resolved_at: null }]);
  });

  it('are reported whatever a callback wrote into their facts', async () => {
    await report({
      kind: 'event_not_understood',
      subject: 'a\u0000b',
      facts: { '\ud800': 'c\u0000\udc00', none: null },
    });
    expect(await listed('kind=event_not_understood')).toMatchObject([
      { subject: 'a\uFFFDb', facts: { '\uFFFD': 'c\uFFFD\uFFFD', none: null } },
    ]);
  });

  it('are reported by two processes in opposite orders without a deadlock', async () => {
    const some = Array.from({ length: 50 }, (_, i): NewIncident => ({
      kind: 'endpoint_gone',
      subject: `e${i}`,
      facts: {},
    }));
    await Promise.all(Array.from({ length: 10 }, (_, i) => report(...(i % 2 === 0 ? some : some.toReversed()))));
    expect((await listed('kind=endpoint_gone&limit=100')).map((one) => one['times_seen'])).toEqual(some.map(() => 10));
  });

  it('have filters that are checked', async () => {
    expect((await api.admin('get', '/admin/incidents?kind=none')).status).toBe(400);
    expect((await api.admin('get', '/admin/incidents?status=open&status=open')).status).toBe(400);
  });
});
