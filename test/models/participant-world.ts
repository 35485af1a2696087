import { createAccounts } from '../../src/balances/manage-accounts';
import { createParticipant } from '../../src/balances/participant';
import type { BalancesSchema } from '../../src/balances/holds-store';
import type { Branch, BranchKey, Leg } from '../../src/consistency/tcc/participant';
import { type Database, type Statement, statement } from '../../src/consistency/transaction';
import { systemClock } from '../../src/core/clock';
import { type Gid, createIds } from '../../src/core/ids';
import { type Command, FUNDED, FUNDS, RULES } from './participant-commands';
import type { ModelBranch, ModelLeg, ModelState } from './participant-model';

const ids = createIds(systemClock);

/** The names of one run in the database: each has accounts and transactions of its own. */
export interface Names {
  account(name: string): string;
  key(key: string): BranchKey;
}

export function newNames(): Names {
  const suffix = ids.token();
  const gids = new Map<string, Gid>();
  return {
    account: (name) => `${name}/${suffix}`,
    key: (key) => {
      const [transaction, branch] = key.split('/') as [string, string];
      const gid = gids.get(transaction) ?? ids.next<'transaction'>();
      gids.set(transaction, gid);
      return { gid, branch };
    },
  };
}

/** Carries out commands on a participant: an answer per item of a list, or the one answer. */
export type Executor = (command: Command) => Promise<string[]>;

/** One process of the service: a participant and accounts over this database. */
export function createExecutor(db: Database<'accounts'>, names: Names): Executor {
  const participant = createParticipant({ db, ids });
  const accounts = createAccounts({ db });
  return async (command) => {
    switch (command.kind) {
      case 'try':
        return (await participant.try(command.branches.map((branch) => realBranch(branch, names)))).map(kindOf);
      case 'confirm':
        return (await participant.confirm(command.keys.map((key) => names.key(key)))).map(kindOf);
      case 'cancel':
        return (await participant.cancel(command.keys.map((key) => names.key(key)))).map(kindOf);
      default: {
        const account = await accounts.findByCode(names.account(command.account));
        return account === undefined ? ['not_found'] : [kindOf(await accounts[command.kind](account.id))];
      }
    }
  };
}

const kindOf = ({ kind }: { readonly kind: string }): string => kind;

function realBranch({ key, legs }: ModelBranch, names: Names): Branch {
  return { ...names.key(key), legs: realLegs(legs, names) };
}

export function realLegs(legs: readonly ModelLeg[], names: Names): Leg[] {
  return legs.map(({ account, direction, amount }) => {
    const code = names.account(account);
    const opens = { kind: account === 'suspense' ? 'suspense' : 'merchant', owner: code, unit: 'USD' };
    return {
      account: code,
      direction,
      amount: `${amount}.00`,
      ...(direction === 'in' && RULES.opens.has(account) ? { opens } : {}),
    };
  });
}

/** Opens and funds what is there when a run begins. */
export async function begin(db: Database<BalancesSchema>, names: Names): Promise<void> {
  const participant = createParticipant({ db, ids });
  const seed: Branch = {
    ...names.key('seed/fund'),
    legs: FUNDED.map((name) => ({
      account: names.account(name),
      direction: 'in',
      amount: `${FUNDS}.00`,
      opens: { kind: 'merchant', owner: names.account(name), unit: 'USD' },
    })),
  };
  await participant.try([seed]);
  await participant.confirm([seed]);
}

const STANDING: Readonly<Record<BalancesSchema, Statement>> = {
  accounts: standing('accounts'),
  points: standing('points'),
};

function standing(schema: BalancesSchema): Statement {
  return statement(
    `test.${schema}.standing`,
    `select
       (select json_object_agg(a.code, json_build_object(
           'status', a.status, 'balance', a.balance, 'reserved', a.reserved, 'entries',
           (select coalesce(json_agg(json_build_array(e.gid, e.branch, e.amount, e.number, e.balance_after)
                                     order by e.number), '[]')
              from ${schema}.entries e where e.account_id = a.id)))
          from ${schema}.accounts a where a.code = any($1::text[])) as accounts,
       (select json_agg(json_build_array(h.gid, h.branch, h.status))
          from ${schema}.holds h where h.gid = any($2::uuid[])) as holds`,
  );
}

interface Standing {
  readonly accounts: Record<
    string,
    {
      status: ModelState['accounts'][string]['status'];
      balance: number;
      reserved: number;
      entries: [string, string, number, number, number][];
    }
  > | null;
  readonly holds: [string, string, string][] | null;
}

/** What model and database are compared by. */
export interface Seen {
  readonly accounts: Record<string, { status: string; balance: number; reserved: number; entries: string[] }>;
  readonly holds: Record<string, string>;
}

/** How the database stands, in the model's words. @throws where numbers or running balances of entries have a gap */
export async function seenIn(
  db: Database<BalancesSchema>,
  names: Names,
  accounts: readonly string[],
  keys: readonly string[],
): Promise<Seen> {
  const codes = new Map(accounts.map((name) => [names.account(name), name]));
  const keyOf = new Map(keys.map((key) => [`${names.key(key).gid}/${names.key(key).branch}`, key]));
  const gids = [...new Set(keys.map((key) => names.key(key).gid))];
  const [row] = await db.query<Standing>(STANDING[db.schema], [[...codes.keys()], gids]);
  const named = (gid: string, branch: string): string => keyOf.get(`${gid}/${branch}`) ?? `${gid}/${branch}`;
  const seen: Seen = { accounts: {}, holds: {} };
  for (const [code, account] of Object.entries(row?.accounts ?? {})) {
    const { status, balance, reserved, entries } = account;
    let running = 0;
    entries.forEach(([, , amount, number, after], index) => {
      running += amount;
      if (number !== index + 1 || after !== running) throw new Error(`${code}: entry ${number} has a gap before it`);
    });
    seen.accounts[codes.get(code) ?? code] = {
      status,
      balance,
      reserved,
      entries: entries.map(([gid, branch, amount]) => `${named(gid, branch)} ${amount}`).sort(),
    };
  }
  for (const [gid, branch, status] of row?.holds ?? []) {
    if (keyOf.has(`${gid}/${branch}`)) seen.holds[named(gid, branch)] = status;
  }
  delete seen.holds['seed/fund'];
  return seen;
}

export function seenInModel(state: ModelState): Seen {
  return {
    accounts: Object.fromEntries(
      Object.entries(state.accounts).map(([name, account]) => [
        name,
        { ...account, entries: account.entries.toSorted() },
      ]),
    ),
    holds: Object.fromEntries(Object.entries(state.holds).map(([key, { status }]) => [key, status])),
  };
}
