import { systemClock } from '../../src/core/clock';
import { type Gid, createIds } from '../../src/core/ids';
import { createParticipant } from '../../src/balances/participant';
import type { Branch, Leg, Participant } from '../../src/consistency/tcc/participant';
import { inTransaction, statement } from '../../src/consistency/transaction';
import { type TestDatabases, testDatabases } from '../support/databases';

/** The participant on a real database: every cell of the table of Try, Confirm and Cancel, in lists and in races. */
const ids = createIds(systemClock);
let test: TestDatabases;
let participant: Participant;

beforeAll(async () => {
  test = await testDatabases();
  participant = createParticipant({ db: test.databases.accounts, ids });
});
afterAll(() => test.close());

const opens = { kind: 'merchant', owner: 'somebody', unit: 'USD' };
const inbound = (account: string, amount: string): Leg => ({ account, direction: 'in', amount, opens });
const outbound = (account: string, amount: string): Leg => ({ account, direction: 'out', amount });
const branch = (legs: readonly Leg[], gid: Gid = ids.next()): Branch => ({ gid, branch: 'fund', legs });
const freshAccount = (): string => `merchant/${ids.token()}/USD`;

interface AccountRow {
  balance: string;
  reserved: string;
  entry_count: string;
}

async function account(code: string): Promise<AccountRow> {
  const rows = await test.databases.accounts.query<AccountRow>(
    statement('test.account', 'select balance, reserved, entry_count from accounts.accounts where code = $1'),
    [code],
  );
  return rows[0]!;
}

async function setStatus(code: string, status: string): Promise<void> {
  await test.databases.accounts.query(
    statement('test.status', 'update accounts.accounts set status = $2 where code = $1'),
    [code, status],
  );
}

async function funded(amount: string): Promise<string> {
  const code = freshAccount();
  const credit = branch([inbound(code, amount)]);
  await participant.try([credit]);
  await participant.confirm([credit]);
  return code;
}

async function standing(state: 'absent' | 'held' | 'confirmed' | 'cancelled'): Promise<{ code: string; one: Branch }> {
  const code = freshAccount();
  const one = branch([inbound(code, '10.00')]);
  if (state !== 'absent' && state !== 'cancelled') await participant.try([one]);
  if (state === 'confirmed') await participant.confirm([one]);
  if (state === 'cancelled') await participant.cancel([one]);
  return { code, one };
}

describe('the table of Try, Confirm and Cancel', () => {
  it('absent: Try holds and moves nothing', async () => {
    const { code, one } = await standing('absent');
    expect(await participant.try([one])).toEqual([{ kind: 'held' }]);
    expect(await account(code)).toEqual({ balance: '0.0000', reserved: '0.0000', entry_count: '0' });
  });

  it('absent: Confirm is impossible', async () => {
    const { one } = await standing('absent');
    expect(await participant.confirm([one])).toEqual([{ kind: 'impossible', found: 'absent' }]);
  });

  it('absent: Cancel leaves a tombstone, and a Try that comes later finds that it is late', async () => {
    const { one } = await standing('absent');
    expect(await participant.cancel([one])).toEqual([{ kind: 'cancelled' }]);
    expect(await participant.try([one])).toEqual([{ kind: 'late' }]);
  });

  it('held: Try again answers the same, with other content it is a mismatch', async () => {
    const { code, one } = await standing('held');
    expect(await participant.try([one])).toEqual([{ kind: 'held' }]);
    expect(await participant.try([branch([inbound(code, '11.00')], one.gid)])).toEqual([{ kind: 'mismatch' }]);
  });

  it('held: Confirm applies once', async () => {
    const { code, one } = await standing('held');
    expect(await participant.confirm([one])).toEqual([{ kind: 'confirmed' }]);
    expect(await account(code)).toEqual({ balance: '10.0000', reserved: '0.0000', entry_count: '1' });
  });

  it('held: Cancel releases', async () => {
    const { code, one } = await standing('held');
    expect(await participant.cancel([one])).toEqual([{ kind: 'cancelled' }]);
    expect((await account(code)).balance).toBe('0.0000');
    expect(await participant.confirm([one])).toEqual([{ kind: 'impossible', found: 'cancelled' }]);
  });

  it('confirmed: Try and Confirm answer the same without effect, Cancel is impossible', async () => {
    const { code, one } = await standing('confirmed');
    expect(await participant.try([one])).toEqual([{ kind: 'held' }]);
    expect(await participant.confirm([one])).toEqual([{ kind: 'confirmed' }]);
    expect(await participant.cancel([one])).toEqual([{ kind: 'impossible', found: 'confirmed' }]);
    expect(await account(code)).toEqual({ balance: '10.0000', reserved: '0.0000', entry_count: '1' });
  });

  it('cancelled: Try is late, Confirm is impossible, Cancel answers the same', async () => {
    const { one } = await standing('cancelled');
    expect(await participant.try([one])).toEqual([{ kind: 'late' }]);
    expect(await participant.confirm([one])).toEqual([{ kind: 'impossible', found: 'cancelled' }]);
    expect(await participant.cancel([one])).toEqual([{ kind: 'cancelled' }]);
  });
});

describe('refusals', () => {
  it.each(['frozen', 'closed'] as const)('a %s account refuses Try and leaves no hold', async (status) => {
    const code = await funded('1.00');
    await setStatus(code, status);
    const one = branch([inbound(code, '5.00')]);
    expect(await participant.try([one])).toEqual([{ kind: 'refused', account: code, reason: status }]);
    expect(await participant.confirm([one])).toEqual([{ kind: 'impossible', found: 'absent' }]);
  });

  it('an account that does not exist refuses where nothing says how to open it', async () => {
    const code = freshAccount();
    const one = branch([{ account: code, direction: 'in', amount: '1.00' }]);
    expect(await participant.try([one])).toEqual([{ kind: 'refused', account: code, reason: 'unknown_account' }]);
  });

  it('an account that does not exist refuses a fresh branch only: where there is a row, the row answers', async () => {
    const nowhere = (gid: Gid): Branch => branch([{ account: freshAccount(), direction: 'in', amount: '1.00' }], gid);
    const [late, held] = [(await standing('cancelled')).one, (await standing('held')).one];
    expect(await participant.try([nowhere(late.gid), nowhere(held.gid)])).toEqual([
      { kind: 'late' },
      { kind: 'mismatch' },
    ]);
  });

  it('an account is opened for its list by the leg that may open it, whatever other branches say', async () => {
    const code = freshAccount();
    const answers = await participant.try([branch([inbound(code, '5.00')]), branch([outbound(code, '1.00')])]);
    expect(answers).toEqual([{ kind: 'held' }, { kind: 'refused', account: code, reason: 'insufficient' }]);
  });

  it('freezing after Try stops neither Confirm nor a repeated Try', async () => {
    const { code, one } = await standing('held');
    await setStatus(code, 'frozen');
    expect(await participant.try([one])).toEqual([{ kind: 'held' }]);
    expect(await participant.confirm([one])).toEqual([{ kind: 'confirmed' }]);
    expect((await account(code)).balance).toBe('10.0000');
  });

  it('one refused branch hurts none of the others of its list', async () => {
    const frozen = await funded('1.00');
    await setStatus(frozen, 'frozen');
    const good = freshAccount();
    const answers = await participant.try([branch([inbound(frozen, '5')]), branch([inbound(good, '5')])]);
    expect(answers.map((answer) => answer.kind)).toEqual(['refused', 'held']);
  });
});

describe('outbound holds', () => {
  it('take from what is available at Try, and from the balance at Confirm', async () => {
    const code = await funded('100.00');
    const payout = branch([outbound(code, '60.00')]);
    expect(await participant.try([payout])).toEqual([{ kind: 'held' }]);
    expect(await account(code)).toMatchObject({ balance: '100.0000', reserved: '60.0000' });
    await participant.confirm([payout]);
    expect(await account(code)).toMatchObject({ balance: '40.0000', reserved: '0.0000' });
  });

  it('are given back by Cancel', async () => {
    const code = await funded('100.00');
    const payout = branch([outbound(code, '60.00')]);
    await participant.try([payout]);
    await participant.cancel([payout]);
    expect(await account(code)).toMatchObject({ balance: '100.0000', reserved: '0.0000' });
  });

  it('never overdraw in one list: what the first ones leave is what the next may take', async () => {
    const code = await funded('100.00');
    const answers = await participant.try([60, 30, 20, 10].map((amount) => branch([outbound(code, `${amount}.00`)])));
    expect(answers.map((answer) => answer.kind)).toEqual(['held', 'held', 'refused', 'held']);
    expect(await account(code)).toMatchObject({ reserved: '100.0000' });
  });

  it('never overdraw in a race of many connections', async () => {
    const code = await funded('100.00');
    const races = Array.from({ length: 40 }, () => participant.try([branch([outbound(code, '7.00')])]));
    const held = (await Promise.all(races)).flat().filter((answer) => answer.kind === 'held');
    expect(held).toHaveLength(14);
    expect(await account(code)).toMatchObject({ balance: '100.0000', reserved: '98.0000' });
  });
});

describe('lists', () => {
  it('adds three credits of one list to one account, with a running balance and gapless numbers', async () => {
    const code = freshAccount();
    const list = ['10.00', '20.00', '30.00'].map((amount) => branch([inbound(code, amount)]));
    await participant.try(list);
    await participant.confirm(list);
    const entries = await test.databases.accounts.query(
      statement(
        'test.entries',
        `select e.number, e.amount, e.balance_after from accounts.entries e join accounts.accounts a on a.id = e.account_id
          where a.code = $1 order by e.number`,
      ),
      [code],
    );
    expect(entries).toEqual([
      { number: '1', amount: '10.0000', balance_after: '10.0000' },
      { number: '2', amount: '20.0000', balance_after: '30.0000' },
      { number: '3', amount: '30.0000', balance_after: '60.0000' },
    ]);
  });

  it('applies a branch once that its list names twice', async () => {
    const { code, one } = await standing('absent');
    expect(await participant.try([one, one])).toEqual([{ kind: 'held' }, { kind: 'held' }]);
    expect(await participant.confirm([one, one])).toEqual([{ kind: 'confirmed' }, { kind: 'confirmed' }]);
    expect((await account(code)).balance).toBe('10.0000');
  });

  it('answers a mismatch for the second of two branches of one key in a list', async () => {
    const { code, one } = await standing('absent');
    const other = branch([inbound(code, '99.00')], one.gid);
    expect(await participant.try([one, other])).toEqual([{ kind: 'held' }, { kind: 'mismatch' }]);
  });
});

describe('races', () => {
  it('applies one Confirm of many that come at once', async () => {
    const { code, one } = await standing('held');
    await Promise.all(Array.from({ length: 20 }, () => participant.confirm([one])));
    expect(await account(code)).toEqual({ balance: '10.0000', reserved: '0.0000', entry_count: '1' });
  });

  it('never leaves a hold when Cancel races Try, in either order', async () => {
    for (let round = 0; round < 40; round += 1) {
      const one = branch([inbound(freshAccount(), '10.00')]);
      const [tried] = await Promise.all([participant.try([one]), participant.cancel([one]), participant.cancel([one])]);
      expect(['held', 'late']).toContain(tried[0]?.kind);
      expect(await participant.confirm([one])).toEqual([{ kind: 'impossible', found: 'cancelled' }]);
    }
  });

  it('makes a Cancel wait for a Try that is not committed yet, and then release what it held', async () => {
    const code = freshAccount();
    const one = branch([inbound(code, '10.00')]);
    await participant.try([branch([inbound(code, '1.00')])]);
    let cancelling: Promise<unknown> = Promise.resolve();
    // A Try stopped between its INSERT and its COMMIT.
    await inTransaction(test.databases.accounts, 'test', async (tx) => {
      await tx.query(
        statement('test.hold', `insert into accounts.holds (gid, branch, status) values ($1, 'fund', 'held')`),
        [one.gid],
      );
      cancelling = participant.cancel([one]);
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    await cancelling;
    expect((await participant.openHolds(-60, 1000)).map(({ gid }) => gid)).not.toContain(one.gid);
  });

  it('lists that meet the same accounts in other orders do not deadlock', async () => {
    const [a, b] = [await funded('1.00'), await funded('1.00')];
    const lists = Array.from({ length: 12 }, (_, index) => {
      const [first, second] = index % 2 === 0 ? [a, b] : [b, a];
      return [branch([inbound(first, '1.00')]), branch([inbound(second, '1.00')])];
    });
    await Promise.all(lists.map(async (list) => participant.try(list)));
    await Promise.all(lists.map(async (list) => participant.confirm(list)));
    expect(await account(a)).toMatchObject({ balance: '13.0000', entry_count: '13' });
    expect(await account(b)).toMatchObject({ balance: '13.0000', entry_count: '13' });
  });
});

it('entries can be neither changed nor deleted nor truncated', async () => {
  const db = test.databases.accounts;
  await expect(db.query(statement('test.u', 'update accounts.entries set amount = 1'))).rejects.toThrow(/append-only/);
  await expect(db.query(statement('test.d', 'delete from accounts.entries'))).rejects.toThrow(/append-only/);
  await expect(db.query(statement('test.t', 'truncate accounts.entries'))).rejects.toThrow(/append-only/);
});

it.each(['confirmed', 'cancelled'] as const)(
  'forgets a %s hold that ended long ago, and a Try of it is late',
  async (how) => {
    const { one } = await standing(how);
    expect(await participant.forgetHolds([one.gid], 30)).toBe(0);
    await test.databases.accounts.query(
      statement('test.age', `update accounts.holds set ended_at = ended_at - interval '31 days' where gid = $1`),
      [one.gid],
    );
    expect(await participant.forgetHolds([one.gid], 30)).toBe(1);
    expect(await participant.standing([one.gid])).toEqual([]);
    expect(await participant.try([one])).toEqual([{ kind: 'late' }]);
    expect(await participant.cancel([one])).toEqual([{ kind: 'cancelled' }]);
    expect(await participant.standing([one.gid])).toEqual([]);
  },
);

it('forgets no hold that is open, however old', async () => {
  const { one } = await standing('held');
  await test.databases.accounts.query(
    statement('test.age_open', `update accounts.holds set created_at = created_at - interval '1 year' where gid = $1`),
    [one.gid],
  );
  expect(await participant.forgetHolds([one.gid], 30)).toBe(0);
  expect(await participant.standing([one.gid])).toMatchObject([{ status: 'held' }]);
});
