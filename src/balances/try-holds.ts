import { contentHash as hashOf } from '../core/canonical';
import { indexBy } from '../core/index-by';
import { Exact } from '../core/money';
import { type Branch, type Leg, type TryAnswer, legContent } from '../consistency/tcc/participant';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import type { AccountDirectory } from './account-directory';
import { distinct, keyOf } from './branch-key';
import type { BalancesSchema, Hold, HoldsStore, NewHold } from './holds-store';
import type { HeldAccount, MovementsStore, Reservation } from './movements-store';

export interface TryDependencies {
  readonly db: Database<BalancesSchema>;
  readonly holds: HoldsStore;
  readonly movements: MovementsStore;
  readonly directory: AccountDirectory;
}

/** Try: a hold per branch, or the reason why not. One commit for the list, an answer per item. */
export async function tryHolds(deps: TryDependencies, branches: readonly Branch[]): Promise<readonly TryAnswer[]> {
  const each = distinct(branches);
  const contents = new Map<Branch, string>();
  for (const branch of each) contents.set(branch, contentOf(branch));
  const { answers, accountIds } = await inTransaction(deps.db, 'balances.try', async (tx) => {
    const resolved = await deps.directory.resolve(tx, each);
    return { answers: await insertOrMeet(deps, tx, contents, resolved), accountIds: resolved };
  });
  deps.directory.remember(accountIds);
  return answersTo(branches, indexBy(each, keyOf), contents, answers);
}

/** @param first the branches that were tried: of those with one key the first */
function answersTo(
  branches: readonly Branch[],
  first: ReadonlyMap<string, Branch>,
  contents: ReadonlyMap<Branch, string>,
  answers: ReadonlyMap<string, TryAnswer>,
): readonly TryAnswer[] {
  const given: TryAnswer[] = [];
  for (const branch of branches) {
    const answer = answers.get(keyOf(branch));
    const tried = first.get(keyOf(branch));
    if (answer === undefined || tried === undefined) throw new Error(`Try gave no answer for ${keyOf(branch)}`);
    given.push(tried === branch || contents.get(tried) === contentOf(branch) ? answer : { kind: 'mismatch' });
  }
  return given;
}

async function insertOrMeet(
  deps: TryDependencies,
  tx: Tx<BalancesSchema>,
  contents: ReadonlyMap<Branch, string>,
  accountIds: ReadonlyMap<string, string>,
): Promise<Map<string, TryAnswer>> {
  const known: Branch[] = [];
  const unknown: Branch[] = [];
  const rows: NewHold[] = [];
  for (const [branch, content] of contents) {
    if (unknownAccount(branch, accountIds) !== undefined) unknown.push(branch);
    else {
      known.push(branch);
      rows.push(toHold(branch, content, accountIds));
    }
  }
  const answers =
    unknown.length === 0 ? new Map<string, TryAnswer>() : await meetUnknown(deps, tx, unknown, contents, accountIds);
  // Two statements, in this order. As one, or the other way round, a Cancel that races an uncommitted Try finds nothing.
  if (rows.length === 0) return answers;
  const [insertedKeys, accounts] = await Promise.all([
    deps.holds.insert(tx, rows),
    lockAccounts(deps, tx, known, accountIds),
  ]);
  const inserted = new Set(insertedKeys.map(keyOf));
  const fresh: Branch[] = [];
  const met: Branch[] = [];
  for (const branch of known) (inserted.has(keyOf(branch)) ? fresh : met).push(branch);
  if (met.length > 0) {
    const standing = indexBy(await deps.holds.read(tx, met), keyOf);
    for (const branch of met) answers.set(keyOf(branch), meet(contents.get(branch), standing.get(keyOf(branch))));
  }
  for (const [key, answer] of judge(deps, tx, fresh, accounts, accountIds)) answers.set(key, answer);
  return answers;
}

function unknownAccount({ legs }: Branch, accountIds: ReadonlyMap<string, string>): string | undefined {
  for (const { account } of legs) if (!accountIds.has(account)) return account;
  return undefined;
}

/** An account that does not exist refuses a fresh branch only: where there is a row, the row answers, as for any other. */
async function meetUnknown(
  deps: TryDependencies,
  tx: Tx<BalancesSchema>,
  branches: readonly Branch[],
  contents: ReadonlyMap<Branch, string>,
  accountIds: ReadonlyMap<string, string>,
): Promise<Map<string, TryAnswer>> {
  const standing = indexBy(await deps.holds.read(tx, branches), keyOf);
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
  const all = new Set<string>();
  const outbound = new Set<string>();
  for (const { legs } of branches) {
    for (const leg of legs) {
      all.add(idOf(leg, accountIds));
      if (leg.direction === 'out') outbound.add(idOf(leg, accountIds));
    }
  }
  const [shared, locked] = await Promise.all([
    deps.movements.share(tx, [...all]),
    outbound.size === 0 ? [] : deps.movements.lock(tx, [...outbound]),
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
  const accounts = indexBy(locked, codeOf);
  const available = new Map<string, Exact>();
  for (const account of locked) available.set(account.code, new Exact(account.available));
  const refused: Branch[] = [];
  const reservations: Reservation[] = [];
  for (const branch of branches) {
    const answer = judgeOne(branch, accounts, available);
    answers.set(keyOf(branch), answer);
    if (answer.kind === 'refused') refused.push(branch);
    else for (const leg of branch.legs.filter(isOutbound)) reservations.push(reservationOf(leg, accountIds));
  }
  if (refused.length > 0) deps.holds.withdraw(tx, refused);
  if (reservations.length > 0) deps.movements.reserve(tx, reservations);
  return answers;
}

function judgeOne(
  branch: Branch,
  accounts: ReadonlyMap<string, HeldAccount>,
  available: Map<string, Exact>,
): Extract<TryAnswer, { kind: 'held' | 'refused' }> {
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
  const ids: string[] = [];
  for (const leg of branch.legs) ids.push(idOf(leg, accountIds));
  return {
    gid: branch.gid,
    branch: branch.branch,
    contentHash,
    accountIds: ids,
    outbound: branch.legs.map(isOutbound),
    amounts: branch.legs.map(amountOf),
  };
}

function reservationOf(leg: Leg, accountIds: ReadonlyMap<string, string>): Reservation {
  return { accountId: idOf(leg, accountIds), amount: leg.amount };
}

function isOutbound(leg: Leg): boolean {
  return leg.direction === 'out';
}

function amountOf(leg: Leg): string {
  return leg.amount;
}

function codeOf(account: HeldAccount): string {
  return account.code;
}

function idOf(leg: Leg, accountIds: ReadonlyMap<string, string>): string {
  const id = accountIds.get(leg.account);
  if (id === undefined) throw new Error(`account ${leg.account} was not resolved`);
  return id;
}

/** The content of a Try. */
function contentOf(branch: Branch): string {
  return hashOf(branch.legs.map(legContent));
}
