/**
 * What a participant is, without a database: a hold per branch that carries its status, and accounts with a balance and
 * what is reserved of it. Every function changes the state it is given and returns the answer. Amounts are whole numbers.
 */
export type AccountName = string;
export type BranchName = string;

export interface ModelLeg {
  readonly account: AccountName;
  readonly direction: 'in' | 'out';
  readonly amount: number;
}

export interface ModelBranch {
  readonly key: BranchName;
  readonly legs: readonly ModelLeg[];
}

export interface ModelAccount {
  status: 'open' | 'frozen' | 'closed';
  balance: number;
  reserved: number;
  /** One line per leg that was applied. */
  entries: string[];
}

export interface ModelState {
  accounts: Record<AccountName, ModelAccount>;
  holds: Record<BranchName, { status: 'held' | 'confirmed' | 'cancelled'; legs: readonly ModelLeg[] }>;
}

/** Which accounts an inbound leg opens, and which can be neither frozen nor closed. */
export interface Rules {
  readonly opens: ReadonlySet<AccountName>;
  readonly protected: ReadonlySet<AccountName>;
}

export const newAccount = (): ModelAccount => ({ status: 'open', balance: 0, reserved: 0, entries: [] });

/** Accounts that may be opened are opened first, and stay whatever becomes of the branch. */
export function tryBranch(state: ModelState, { opens }: Rules, { key, legs }: ModelBranch): string {
  for (const { account, direction } of legs) {
    if (direction === 'in' && opens.has(account)) state.accounts[account] ??= newAccount();
  }
  const hold = state.holds[key];
  if (hold?.status === 'cancelled') return 'late';
  if (hold !== undefined) return sameLegs(hold.legs, legs) ? 'held' : 'mismatch';
  if (legs.some(({ account }) => state.accounts[account] === undefined)) return 'refused';
  const available = new Map<AccountName, number>();
  for (const { account, direction, amount } of legs) {
    const { status, balance, reserved } = accountOf(state, account);
    if (status !== 'open') return 'refused';
    if (direction === 'in') continue;
    const left = (available.get(account) ?? balance - reserved) - amount;
    if (left < 0) return 'refused';
    available.set(account, left);
  }
  reserve(state, legs, 1);
  state.holds[key] = { status: 'held', legs };
  return 'held';
}

export function confirmBranch(state: ModelState, key: BranchName): string {
  const hold = state.holds[key];
  if (hold === undefined) return 'impossible';
  if (hold.status !== 'held') return hold.status === 'confirmed' ? 'confirmed' : 'impossible';
  reserve(state, hold.legs, -1);
  for (const { account, direction, amount } of hold.legs) {
    const signed = direction === 'in' ? amount : -amount;
    accountOf(state, account).balance += signed;
    accountOf(state, account).entries.push(`${key} ${signed}`);
  }
  hold.status = 'confirmed';
  return 'confirmed';
}

export function cancelBranch(state: ModelState, key: BranchName): string {
  const hold = state.holds[key];
  if (hold?.status === 'confirmed') return 'impossible';
  if (hold?.status === 'held') reserve(state, hold.legs, -1);
  state.holds[key] = { status: 'cancelled', legs: hold?.legs ?? [] };
  return 'cancelled';
}

export type StatusVerb = 'freeze' | 'unfreeze' | 'close';

export function changeStatus(state: ModelState, rules: Rules, verb: StatusVerb, name: AccountName): string {
  const account = state.accounts[name];
  if (account === undefined) return 'not_found';
  if (rules.protected.has(name)) return 'protected';
  if (account.status === 'closed') return 'closed';
  if (verb === 'close') {
    const isHeld = Object.values(state.holds).some(
      (hold) => hold.status === 'held' && hold.legs.some((leg) => leg.account === name),
    );
    if (isHeld) return 'has_holds';
    if (account.balance !== 0) return 'not_empty';
  }
  account.status = verb === 'close' ? 'closed' : verb === 'freeze' ? 'frozen' : 'open';
  return 'done';
}

function accountOf(state: ModelState, name: AccountName): ModelAccount {
  const account = state.accounts[name];
  if (account === undefined) throw new Error(`the model has no account ${name}`);
  return account;
}

/** Outbound amounts are taken from what is available while they are held. */
function reserve(state: ModelState, legs: readonly ModelLeg[], sign: 1 | -1): void {
  for (const { account, direction, amount } of legs) {
    if (direction === 'out') accountOf(state, account).reserved += sign * amount;
  }
}

export function sameLegs(one: readonly ModelLeg[], other: readonly ModelLeg[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
