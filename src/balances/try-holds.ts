import { type Json, contentHash } from '../core/canonical';
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
  const { answers, accountIds } = await inTransaction(deps.db, async (tx) => {
    const resolved = await deps.directory.resolve(tx, each);
    return { answers: await insertOrMeet(deps, tx, each, resolved), accountIds: resolved };
  });
  deps.directory.remember(accountIds);
  const contents = new Map(each.map((branch) => [keyOf(branch), contentOf(branch)]));
  return branches.map((branch) => {
    const answer = answers.get(keyOf(branch));
    if (answer === undefined) throw new Error(`Try gave no answer for ${keyOf(branch)}`);
    return contents.get(keyOf(branch)) === contentOf(branch) ? answer : { kind: 'mismatch' };
  });
}

async function insertOrMeet(
  deps: TryDependencies,
  tx: Tx<BalancesSchema>,
  branches: readonly Branch[],
  accountIds: ReadonlyMap<string, string>,
): Promise<Map<string, TryAnswer>> {
  const answers = new Map<string, TryAnswer>();
  const known: Branch[] = [];
  for (const branch of branches) {
    const unknown = branch.legs.find((leg) => !accountIds.has(leg.account));
    if (unknown === undefined) known.push(branch);
    else answers.set(keyOf(branch), { kind: 'refused', account: unknown.account, reason: 'unknown_account' });
  }
  // Two statements, in this order. As one, or the other way round, a Cancel that races an uncommitted Try finds nothing.
  const rows = known.map((branch) => toHold(branch, accountIds));
  if (rows.length === 0) return answers;
  const [insertedKeys, accounts] = await Promise.all([
    deps.holds.insert(tx, rows),
    lockAccounts(deps, tx, known, accountIds),
  ]);
  const inserted = new Set(insertedKeys.map(keyOf));
  const met = known.filter((branch) => !inserted.has(keyOf(branch)));
  if (met.length > 0) {
    const standing = new Map((await deps.holds.read(tx, met)).map((hold) => [keyOf(hold), hold]));
    for (const branch of met) answers.set(keyOf(branch), meet(branch, standing.get(keyOf(branch))));
  }
  const fresh = known.filter((branch) => inserted.has(keyOf(branch)));
  for (const [key, answer] of judge(deps, tx, fresh, accounts, accountIds)) answers.set(key, answer);
  return answers;
}

/** What a Try finds where a row was already. */
function meet(branch: Branch, hold: Hold | undefined): TryAnswer {
  if (hold === undefined) throw new Error(`the hold ${keyOf(branch)} was met and is not there`);
  if (hold.status === 'cancelled') return { kind: 'late' };
  return hold.content_hash === contentOf(branch) ? { kind: 'held' } : { kind: 'mismatch' };
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

function toHold(branch: Branch, accountIds: ReadonlyMap<string, string>): NewHold {
  return {
    gid: branch.gid,
    branch: branch.branch,
    contentHash: contentOf(branch),
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
  const legs: Json = branch.legs.map(({ account, direction, amount }) => ({ account, direction, amount }));
  return contentHash(legs);
}
