/**
 * What a receipt may meet, without a database: the table of ARCHITECTURE.md as a state machine of orders and receipts.
 * The model has no transactions: it says what must have become of each command once nothing is under way any more.
 */
export type OrderStatus = 'open' | 'paid' | 'closed' | 'expired';
export type Account = 'merchant' | 'payee' | 'customer';
/** What cannot be reached, or fails at this step; `decision lost` has committed, and the answer never came. */
export type Outage = 'accounts' | 'points' | 'decision' | 'decision lost' | 'confirm';

export interface ModelOrder {
  readonly takes: readonly string[];
  /** Whether it has a payee and grants points. */
  readonly shares: boolean;
  isThere: boolean;
  status: OrderStatus;
  claimedBy: string | null;
  mustExpire: boolean;
}

export interface ModelReceipt {
  readonly channel: string;
  readonly order: number | null;
  readonly money: string;
  isOld: boolean;
  /** `waits`: for its order, a claim or the next attempt; `stuck`: its attempt waits for whoever is away. */
  status: 'waits' | 'stuck' | 'decided';
  uses: readonly ('accounts' | 'points')[];
  /** Accounts that would not take part, in this attempt or in an earlier one. */
  refused: Account[];
  outcome: string | null;
  /** What is credited once it is confirmed, by participant. */
  credits: { accounts: readonly string[]; points: readonly string[] };
  confirmed: ('accounts' | 'points')[];
  incidents: string[];
}

export interface OrderState {
  orders: ModelOrder[];
  receipts: Record<string, ModelReceipt>;
  /** Receipts of which a failure was told already. */
  failures: string[];
  frozen: Account[];
  out: Outage[];
}

export type Command =
  | {
      readonly kind: 'paid' | 'failed' | 'forged';
      readonly channel: string;
      readonly reference: number;
      /** Null for an event that names no order of ours. */
      readonly order: number | null;
      readonly money: string;
    }
  | { readonly kind: 'close' | 'expire' | 'appear'; readonly order: number }
  | { readonly kind: 'freeze' | 'unfreeze'; readonly account: Account }
  | { readonly kind: 'out' | 'back'; readonly what: Outage }
  | { readonly kind: 'minute' | 'recover' };

export const ORDERED = '100.00 USD';
const SPLIT = 5;
const FEE = 2;

/** @returns the status of the answer, null where nobody is answered */
export function run(state: OrderState, command: Command): number | null {
  switch (command.kind) {
    case 'forged':
      return 401;
    case 'failed':
      failed(state, command);
      return 204;
    case 'paid':
      return paid(state, command) ? 204 : 503;
    case 'close': {
      const order = orderOf(state, command.order);
      if (order.status !== 'open' || order.claimedBy !== null) return 409;
      order.status = 'closed';
      return 200;
    }
    case 'expire':
      orderOf(state, command.order).mustExpire = true;
      for (const order of state.orders) {
        if (order.mustExpire && order.status === 'open' && order.claimedBy === null) order.status = 'expired';
      }
      return null;
    case 'appear':
      orderOf(state, command.order).isThere = true;
      return null;
    case 'freeze':
    case 'unfreeze':
      state.frozen = state.frozen.filter((one) => one !== command.account);
      if (command.kind === 'freeze') state.frozen.push(command.account);
      return null;
    case 'out':
    case 'back':
      state.out = state.out.filter((one) => one !== command.what);
      if (command.kind === 'out') state.out.push(command.what);
      return null;
    case 'minute':
      for (const receipt of Object.values(state.receipts)) receipt.isOld = true;
      return null;
    case 'recover':
      recover(state);
      return null;
  }
}

type Callback = Extract<Command, { reference: number }>;
export const receiptKey = ({ channel, reference }: Pick<Callback, 'channel' | 'reference'>): string =>
  `${channel}${reference}`;

/** A failure is of interest only where money was credited, and only the first time. */
function failed(state: OrderState, command: Callback): void {
  const receipt = state.receipts[receiptKey(command)];
  const isNew = !state.failures.includes(receiptKey(command));
  if (isNew) state.failures.push(receiptKey(command));
  if (isNew && receipt?.status === 'decided') receipt.incidents.push('failure_after_success');
}

/** @returns whether the bank may be told that it is done */
function paid(state: OrderState, command: Callback): boolean {
  const key = receiptKey(command);
  const { channel, order, money } = command;
  const known = state.receipts[key];
  if (known !== undefined && known.money !== money && !known.incidents.includes(`receipt_changed ${money}`)) {
    known.incidents.push(`receipt_changed ${money}`);
  }
  state.receipts[key] ??= {
    ...{ channel, order, money, isOld: false, status: 'waits', uses: [], refused: [], outcome: null },
    ...{ credits: { accounts: [], points: [] }, confirmed: [], incidents: [] },
  };
  settle(state, key);
  return state.receipts[key].status === 'decided';
}

/** One attempt at a receipt that waits. */
function settle(state: OrderState, key: string): void {
  const receipt = state.receipts[key];
  if (receipt?.status !== 'waits') return;
  const order = receipt.order === null ? undefined : state.orders[receipt.order];
  if (order?.isThere !== true) {
    if (receipt.order === null || receipt.isOld) suspend(state, receipt, 'unidentified_payment');
    return;
  }
  if (order.claimedBy !== null && order.claimedBy !== key) return;
  const reason = reasonForSuspense(receipt, order);
  if (reason !== undefined) {
    suspend(state, receipt, reason);
    return;
  }
  order.claimedBy = key;
  if (!planAround(state, receipt, order)) return;
  order.status = 'paid';
  order.claimedBy = null;
  receipt.outcome = 'order_paid';
  pay(state, receipt, order);
}

function reasonForSuspense({ money, channel }: ModelReceipt, order: ModelOrder): string | undefined {
  if (order.status === 'paid') return 'duplicate_payment';
  if (order.status !== 'open') return 'late_payment';
  if (!money.endsWith('USD')) return 'currency_mismatch';
  if (money !== ORDERED) return 'amount_mismatch';
  return order.takes.includes(channel) ? undefined : 'channel_not_accepted';
}

/** Tries until no account refuses that is still planned; what has refused once is not asked again. */
function planAround(state: OrderState, receipt: ModelReceipt, { shares }: ModelOrder): boolean {
  for (;;) {
    const { fund, points } = planned(receipt, shares);
    const uses = points.length > 0 ? (['accounts', 'points'] as const) : (['accounts'] as const);
    if (uses.some((one) => state.out.includes(one))) return reaches(state, receipt, uses);
    const refusing = [fund, points].flatMap((legs) => legs.find((account) => state.frozen.includes(account)) ?? []);
    if (refusing.length === 0) return reaches(state, receipt, uses);
    receipt.refused.push(...refusing);
  }
}

/** The accounts of an attempt that may refuse, in the order in which they are asked. */
function planned({ refused }: ModelReceipt, shares: boolean): { fund: Account[]; points: Account[] } {
  if (refused.includes('merchant')) return { fund: [], points: [] };
  const unlessRefused = (account: Account): Account[] => (shares && !refused.includes(account) ? [account] : []);
  return { fund: ['merchant', ...unlessRefused('payee')], points: unlessRefused('customer') };
}

function pay(state: OrderState, receipt: ModelReceipt, { shares }: ModelOrder): void {
  const { refused } = receipt;
  const net = 100 - FEE - (shares ? SPLIT : 0);
  const split = shares ? [`${refused.includes('payee') ? 'suspense' : 'payee'} ${SPLIT}`] : [];
  const hasPoints = shares && !refused.includes('customer');
  if (refused.includes('merchant')) {
    receipt.credits = { accounts: ['suspense 100'], points: [] };
    receipt.incidents.push('account_refused');
  } else {
    receipt.credits = {
      accounts: [`merchant ${net}`, `fees ${FEE}`, ...split],
      points: hasPoints ? ['customer 100'] : [],
    };
    if (refused.includes('payee')) receipt.incidents.push('split_refused');
    if (refused.includes('customer')) receipt.incidents.push('points_refused');
  }
  if (!state.out.includes('confirm')) receipt.confirmed = [...receipt.uses];
}

function suspend(state: OrderState, receipt: ModelReceipt, reason: string): void {
  if (!reaches(state, receipt, ['accounts'])) return;
  receipt.outcome = 'suspense';
  receipt.incidents.push(reason);
  receipt.credits = { accounts: [`suspense ${Number(receipt.money.split(' ')[0])}`], points: [] };
  if (!state.out.includes('confirm')) receipt.confirmed = ['accounts'];
}

/** An attempt that cannot reach a participant, or cannot be decided, is stuck until a recovery can end it. */
function reaches({ out }: OrderState, receipt: ModelReceipt, uses: ModelReceipt['uses']): boolean {
  const isAway = uses.some((one) => out.includes(one));
  const isReached = !isAway && !out.includes('decision');
  receipt.uses = uses;
  // What cannot be decided is cancelled at once, where its participants are there.
  receipt.status = isReached ? 'decided' : isAway ? 'stuck' : 'waits';
  return isReached;
}

/** Drives decided receipts forward, ends attempts that are stuck, and settles what waits, in the order of arrival. */
function recover(state: OrderState): void {
  for (const receipt of Object.values(state.receipts)) {
    if (receipt.status === 'decided' && !state.out.includes('confirm')) {
      receipt.confirmed = receipt.uses.filter((one) => receipt.confirmed.includes(one) || !state.out.includes(one));
    }
    if (receipt.status === 'stuck' && !receipt.uses.some((one) => state.out.includes(one))) receipt.status = 'waits';
  }
  // A receipt that pays lets those go on that wait for its order.
  for (let round = 0; round < 2; round += 1) for (const key of Object.keys(state.receipts)) settle(state, key);
}

function orderOf(state: OrderState, index: number): ModelOrder {
  const order = state.orders[index];
  if (order === undefined) throw new Error(`the model has no order ${index}`);
  return order;
}
