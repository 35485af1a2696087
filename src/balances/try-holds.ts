import { type Json, contentHash as hashOf } from '../core/canonical';
import { Exact } from '../core/money';
import type { Branch, Leg, TryAnswer } from '../consistency/tcc/participant';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import type { AccountDirectory } from './account-directory';
import { distinct, keyOf } from './branch-key';
import type { BalancesSchema, Hold, HoldsStore, NewHold } from './holds-store';
import type { HeldAccount, MovementsStore } from './movements-store';

export interface TryDependencies {
  readonly db: Database<BalancesSchema>;
  readonly holds: HoldsStore;
  readonly movements: MovementsStore;
  readonly directory: AccountDirectory;
}

/** Try: a hold per branch, or the reason why not. One commit for the list, an answer per item. */
export async function tryHolds(deps: TryDependencies, branches: readonly Branch[]): Promise<readonly TryAnswer[]> {
  const each = distinct(branches);
  const contents = new Map(each.map((branch) => [branch, contentOf(branch)]));
  const { answers, accountIds } = await inTransaction(deps.db, 'balances.try', async (tx) => {
    const resolved = await deps.directory.resolve(tx, each);
    return { answers: await insertOrMeet(deps, tx, contents, resolved), accountIds: resolved };
  });
  deps.directory.remember(accountIds);
  const first = new Map(each.map((branch) => [keyOf(branch), branch]));
  return branches.map((branch) => {
    const answer = answers.get(keyOf(branch));
    const tried = first.get(keyOf(branch));
    if (answer === undefined || tried === undefined) throw new Error(`Try gave no answer for ${keyOf(branch)}`);
    return tried === branch || contents.get(tried) === contentOf(branch) ? answer : { kind: 'mismatch' };
  });
}

async function insertOrMeet(
  deps: TryDependencies,
  tx: Tx<BalancesSchema>,
  contents: ReadonlyMap<Branch, string>,
  accountIds: ReadonlyMap<string, string>,
): Promise<Map<string, TryAnswer>> {
  const branches = [...contents.keys()];
  const known = branches.filter((branch) => unknownAccount(branch, accountIds) === undefined);
  const unknown = branches.filter((branch) => unknownAccount(branch, accountIds) !== undefined);
  const answers =
    unknown.length === 0 ? new Map<string, TryAnswer>() : await meetUnknown(deps, tx, unknown, contents, accountIds);
  // Two statements, in this order. As one, or the other way round, a Cancel that races an uncommitted Try finds nothing.
  const rows = known.map((branch) => toHold(branch, contents.get(branch) ?? '', accountIds));
  if (rows.length === 0) return answers;
  const [insertedKeys, accounts] = await Promise.all([
    deps.holds.insert(tx, rows),
    lockAccounts(deps, tx, known, accountIds),
  ]);
  const inserted = new Set(insertedKeys.map(keyOf));
  const met = known.filter((branch) => !inserted.has(keyOf(branch)));
  if (met.length > 0) {
    const standing = new Map((await deps.holds.read(tx, met)).map((hold) => [keyOf(hold), hold]));
    for (const branch of met) answers.set(keyOf(branch), meet(contents.get(branch), standing.get(keyOf(branch))));
  }
  const fresh = known.filter((branch) => inserted.has(keyOf(branch)));
  for (const [key, answer] of judge(deps, tx, fresh, accounts, accountIds)) answers.set(key, answer);
  return answers;
}

function unknownAccount({ legs }: Branch, accountIds: ReadonlyMap<string, string>): string | undefined {
  return legs.find((leg) => !accountIds.has(leg.account))?.account;
}

/** An account that does not exist refuses a fresh branch only: where there is a row, the row answers, as for any other. */
async function meetUnknown(
  deps: TryDependencies,
  tx: Tx<BalancesSchema>,
  branches: readonly Branch[],
  contents: ReadonlyMap<Branch, string>,
  accountIds: ReadonlyMap<string, string>,
): Promise<Map<string, TryAnswer>> {
  const standing = new Map((await deps.holds.read(tx, branches)).map((hold) => [keyOf(hold), hold]));
  return new Map(
    branches.map((branch): [string, TryAnswer] => {
      const hold = standing.get(keyOf(branch));
      const account = unknownAccount(branch, accountIds) ?? '';
      return [
        keyOf(branch),
        hold ? meet(contents.get(branch), hold) : { kind: 'refused', account, reason: 'unknown_account' },
      ];
    }),
  );
}

/** What a Try finds where a row was already; what is neither inserted nor there has ended and was cleaned long ago. */
function meet(content: string | undefined, hold: Hold | undefined): TryAnswer {
  if (hold === undefined) return { kind: 'late' };
  if (hold.status === 'cancelled') return { kind: 'late' };
  return hold.content_hash === content ? { kind: 'held' } : { kind: 'mismatch' };
}

/** The accounts of a list: all of them kept from being closed, and those that something is taken from locked for it. */
async function lockAccounts(
  deps: TryDependencies,
  tx: Tx<BalancesSchema>,
  branches: readonly Branch[],
  accountIds: ReadonlyMap<string, string>,
): Promise<readonly HeldAccount[]> {
  const idsOf = (legs: readonly Leg[]): string[] => [...new Set(legs.map((leg) => idOf(leg, accountIds)))];
  const legs = branches.flatMap((branch) => branch.legs);
  const outbound = legs.filter((leg) => leg.direction === 'out');
  const [shared, locked] = await Promise.all([
    deps.movements.share(tx, idsOf(legs)),
    outbound.length === 0 ? [] : deps.movements.lock(tx, idsOf(outbound)),
  ]);
  return [...shared, ...locked];
}

/** Judges fresh holds by their accounts and withdraws those that are refused. */
function judge(
  deps: TryDependencies,
  tx: Tx<BalancesSchema>,
  branches: readonly Branch[],
  locked: readonly HeldAccount[],
  accountIds: ReadonlyMap<string, string>,
): Map<string, TryAnswer> {
  const answers = new Map<string, TryAnswer>();
  const accounts = new Map(locked.map((account) => [account.code, account]));
  const available = new Map(locked.map((account) => [account.code, new Exact(account.available)]));
  for (const branch of branches) answers.set(keyOf(branch), judgeOne(branch, accounts, available));

  const refused = branches.filter((branch) => answers.get(keyOf(branch))?.kind === 'refused');
  if (refused.length > 0) deps.holds.withdraw(tx, refused);
  const reservations = branches
    .filter((branch) => answers.get(keyOf(branch))?.kind === 'held')
    .flatMap((branch) => branch.legs.filter((leg) => leg.direction === 'out'))
    .map((leg) => ({ accountId: idOf(leg, accountIds), amount: leg.amount }));
  if (reservations.length > 0) deps.movements.reserve(tx, reservations);
  return answers;
}

function judgeOne(
  branch: Branch,
  accounts: ReadonlyMap<string, HeldAccount>,
  available: Map<string, Exact>,
): TryAnswer {
  const taken = new Map<string, Exact>();
  for (const leg of branch.legs) {
    const account = accounts.get(leg.account);
    if (account === undefined) throw new Error(`account ${leg.account} was resolved and is not there`);
    if (account.status !== 'open') return { kind: 'refused', account: leg.account, reason: account.status };
    if (leg.direction === 'in') continue;
    const left = (taken.get(leg.account) ?? available.get(leg.account) ?? new Exact(0)).minus(leg.amount);
    if (left.isNegative()) return { kind: 'refused', account: leg.account, reason: 'insufficient' };
    taken.set(leg.account, left);
  }
  for (const [account, left] of taken) available.set(account, left);
  return { kind: 'held' };
}

function toHold(branch: Branch, contentHash: string, accountIds: ReadonlyMap<string, string>): NewHold {
  return {
    gid: branch.gid,
    branch: branch.branch,
    contentHash,
    accountIds: branch.legs.map((leg) => idOf(leg, accountIds)),
    outbound: branch.legs.map((leg) => leg.direction === 'out'),
    amounts: branch.legs.map((leg) => leg.amount),
  };
}

function idOf(leg: Leg, accountIds: ReadonlyMap<string, string>): string {
  const id = accountIds.get(leg.account);
  if (id === undefined) throw new Error(`account ${leg.account} was not resolved`);
  return id;
}

/** The content of a Try: what must be the same when it comes again. How a missing account would be opened is not. */
function contentOf(branch: Branch): string {
  const legs: Json = branch.legs.map(({ account, direction, amount }) => ({ account, amount, direction }));
  return hashOf(legs);
}
