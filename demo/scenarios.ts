import type { Delivery } from './bank-calls';
import { fromMinor, toMinor } from './minor-units';
import type { PlannedOrder, Scenario } from './plan';
import type { BankEvent, EventKind, Payment } from './signing';
import { type PlacedOrder, type Stage, paymentOf } from './stage';
import type { Effect, Story } from './stories';
import { FROZEN_CUSTOMER, FROZEN_MERCHANT, FROZEN_PAYEE, channelNamed } from './world';

/** What happens to an order, and what must come of it. */
type Ending = Omit<Story, 'order' | 'id'>;
type Play = (stage: Stage, placed: PlacedOrder) => Promise<Ending>;

const PAID: Ending = { status: 'paid', effects: [{ kind: 'paid' }] };
const OPEN: Ending = { status: 'open', effects: [] };

export async function playOrder(stage: Stage, order: PlannedOrder): Promise<Story> {
  const placed = await stage.place(order, {
    ...(order.scenario === 'late_expired' ? { expiresInMs: 2_500 } : {}),
    onlyThroughItsChannel: order.scenario === 'elsewhere',
  });
  return finish(stage, placed);
}

/** The same for an order that is placed already. */
export async function finish(stage: Stage, placed: PlacedOrder): Promise<Story> {
  const ending = await PLAYS[placed.order.scenario](stage, placed);
  return { order: placed.order, id: placed.id, ...ending };
}

function event(kind: EventKind, payment: Payment, nth = 1): BankEvent {
  return { id: `${payment.id}-${kind.replace('_', '')}-${nth}`, kind, payment };
}

function saying(placed: PlacedOrder, sort: Delivery['sort'], events: readonly BankEvent[]): Delivery {
  return { channel: placed.order.channel, sort, events, expects: 'acknowledged' };
}

const paid = (placed: PlacedOrder): Delivery => saying(placed, 'payment', [event('paid', paymentOf(placed))]);
const payOnce: Play = async (stage, placed) => {
  await stage.deliver(paid(placed));
  return PAID;
};

/** Something that must be refused, and then the payment itself. */
async function refusedFirst(stage: Stage, placed: PlacedOrder, attempts: readonly Partial<Delivery>[]): Promise<void> {
  await Promise.all(
    attempts.map((attempt) => stage.deliver({ ...paid(placed), sort: 'forged', expects: 'refused', ...attempt })),
  );
}

function forgeries(placed: PlacedOrder): readonly Partial<Delivery>[] {
  const isWeChat = channelNamed(placed.order.channel).provider === 'wechat_pay';
  return [
    { forgery: 'stranger' },
    { forgery: 'altered' },
    { forgery: 'unsigned' },
    ...(isWeChat ? [{ forgery: 'probe' } as const] : []),
    { forgery: 'oversized', sort: 'oversized', expects: 'too_large' },
  ];
}

function suspense(incident: string, payment: Payment): Effect {
  return {
    kind: 'suspense',
    incident,
    currency: payment.currency,
    minor: toMinor(payment.amount, payment.currency),
  };
}

/** The payment comes although the order takes none any more. */
async function payLate(stage: Stage, placed: PlacedOrder, status: 'closed' | 'expired'): Promise<Ending> {
  const payment = paymentOf(placed);
  await stage.deliver(saying(placed, 'late', [event('paid', payment)]));
  return { status, effects: [suspense('late_payment', payment)] };
}

/** Money of another amount or currency than the order asks for; every second order then gets the right one too. */
async function payWrong(stage: Stage, placed: PlacedOrder, incident: string, payment: Payment): Promise<Ending> {
  await stage.deliver(saying(placed, 'amount', [event('paid', payment)]));
  const wrong = suspense(incident, payment);
  if (placed.order.minor % 2n === 0n) return { status: 'open', effects: [wrong] };
  await stage.deliver(saying(placed, 'payment', [event('paid', paymentOf(placed, { nth: 2 }))]));
  return { status: 'paid', effects: [wrong, { kind: 'paid' }] };
}

function secondPayment(placed: PlacedOrder): Delivery & { readonly payment: Payment } {
  const payment = paymentOf(placed, { channel: placed.order.otherChannel, nth: 2 });
  const channel = placed.order.otherChannel;
  return { ...saying(placed, 'second', [event('paid', payment)]), channel, payment };
}

async function withAfterwards(
  stage: Stage,
  placed: PlacedOrder,
  sort: Delivery['sort'],
  afterwards: BankEvent,
  incident: string,
): Promise<Ending> {
  await stage.deliver(paid(placed));
  await stage.deliver(saying(placed, sort, [afterwards]));
  return { status: 'paid', effects: [{ kind: 'paid' }, { kind: 'incident', incident }] };
}

const PLAYS: Readonly<Record<Scenario, Play>> = {
  plain: payOnce,
  rush: payOnce,
  plugged: payOnce,
  thawed: payOnce,
  unpaid: () => Promise.resolve(OPEN),
  repeated: async (stage, placed) => {
    await stage.deliver(paid(placed));
    for (let time = 0; time < 2; time += 1) await stage.deliver({ ...paid(placed), sort: 'repeat' });
    return PAID;
  },
  shouted: async (stage, placed) => {
    await stage.deliver({ ...paid(placed), sort: 'parallel', copies: 12 });
    return PAID;
  },
  second_try: async (stage, placed) => {
    await stage.deliver(saying(placed, 'failure', [event('failed', paymentOf(placed))]));
    return payOnce(stage, placed);
  },
  noisy: async (stage, placed) => {
    const noise = (nth: number): Delivery => saying(placed, 'noise', [event('noise', paymentOf(placed), nth)]);
    await Promise.all([stage.deliver(noise(1)), stage.deliver(paid(placed)), stage.deliver(noise(2))]);
    return PAID;
  },
  forged_first: async (stage, placed) => {
    await refusedFirst(stage, placed, forgeries(placed));
    return payOnce(stage, placed);
  },
  forged_only: async (stage, placed) => {
    await refusedFirst(stage, placed, forgeries(placed));
    return OPEN;
  },
  replayed: async (stage, placed) => {
    const times = [-3_600, -310, 310];
    await refusedFirst(
      stage,
      placed,
      times.map((signedAt) => ({ sort: 'replayed', signedAt })),
    );
    return payOnce(stage, placed);
  },
  misdirected: async (stage, placed) => {
    const forAnother = event('paid', paymentOf(placed, { account: 'acct_1SomebodyElse' }));
    await refusedFirst(stage, placed, [{ sort: 'misdirected', events: [forAnother] }]);
    return payOnce(stage, placed);
  },
  wrong_amount: (stage, placed) => {
    const { order } = placed;
    const less = order.minor - (order.currency === 'KWD' ? 10n : 1n);
    return payWrong(stage, placed, 'amount_mismatch', paymentOf(placed, { amount: fromMinor(less, order.currency) }));
  },
  wrong_currency: (stage, placed) => {
    const currency = placed.order.currency === 'USD' ? 'EUR' : 'USD';
    return payWrong(stage, placed, 'currency_mismatch', paymentOf(placed, { currency, amount: '20.00' }));
  },
  late_closed: async (stage, placed) => {
    if (!(await stage.close(placed))) throw new Error(`${placed.order.number} could not be closed`);
    return payLate(stage, placed, 'closed');
  },
  late_expired: async (stage, placed) => {
    await stage.until(placed, 'expired');
    return payLate(stage, placed, 'expired');
  },
  close_race: async (stage, placed) => {
    const [closed] = await Promise.all([stage.close(placed), stage.deliver({ ...paid(placed), sort: 'late' })]);
    return closed ? { status: 'closed', effects: [suspense('late_payment', paymentOf(placed))] } : PAID;
  },
  paid_twice: async (stage, placed) => {
    await stage.deliver(paid(placed));
    const { payment, ...second } = secondPayment(placed);
    await stage.deliver(second);
    return { status: 'paid', effects: [{ kind: 'paid' }, suspense('duplicate_payment', payment)] };
  },
  raced: async (stage, placed) => {
    const { payment, ...second } = secondPayment(placed);
    await Promise.all([stage.deliver(paid(placed)), stage.deliver(second)]);
    return { status: 'paid', effects: [{ kind: 'paid' }, suspense('duplicate_payment', payment)] };
  },
  elsewhere: async (stage, placed) => {
    const { payment, ...second } = secondPayment(placed);
    await stage.deliver({ ...second, sort: 'elsewhere' });
    return { status: 'open', effects: [suspense('channel_not_accepted', payment)] };
  },
  three_in_one: async (stage, placed) => {
    const payment = paymentOf(placed);
    const events = [event('failed', payment), event('paid', payment), event('noise', payment)];
    await stage.deliver(saying(placed, 'payment', events));
    return PAID;
  },
  refunded: (stage, placed) =>
    withAfterwards(stage, placed, 'refund', event('refund', paymentOf(placed)), 'refund_received'),
  unheard_of: (stage, placed) =>
    withAfterwards(stage, placed, 'refund', event('unheard_of', paymentOf(placed)), 'event_not_understood'),
  failed_after: (stage, placed) =>
    withAfterwards(stage, placed, 'failure', event('failed', paymentOf(placed)), 'failure_after_success'),
  changed: (stage, placed) => {
    const more = paymentOf(placed, { amount: fromMinor(placed.order.minor * 2n, placed.order.currency) });
    return withAfterwards(stage, placed, 'changed', event('paid', more, 2), 'receipt_changed');
  },
  frozen_points: async (stage, placed) => {
    await stage.deliver(paid(placed));
    return {
      status: 'paid',
      effects: [
        { kind: 'paid', refused: 'points' },
        { kind: 'incident', incident: 'points_refused' },
      ],
    };
  },
  frozen_payee: async (stage, placed) => {
    await stage.deliver(paid(placed));
    return {
      status: 'paid',
      effects: [
        { kind: 'paid', refused: 'payee' },
        { kind: 'incident', incident: 'split_refused' },
      ],
    };
  },
  frozen_account: async (stage, placed) => {
    await stage.deliver(paid(placed));
    return {
      status: 'paid',
      effects: [
        { kind: 'paid', refused: 'account' },
        { kind: 'incident', incident: 'account_refused' },
      ],
    };
  },
};

/**
 * The story of the merchant whose accounts are frozen. An account must be there to be frozen, and a frozen payee cannot be
 * named by a new order, so everything has its order.
 */
export async function playFrozenStory(stage: Stage, orders: readonly PlannedOrder[]): Promise<readonly Story[]> {
  const of = (scenario: Scenario): readonly PlannedOrder[] => orders.filter((order) => order.scenario === scenario);
  const play = (some: readonly PlannedOrder[]): Promise<Story[]> =>
    Promise.all(some.map((order) => playOrder(stage, order)));
  const thawed = await play(of('thawed'));
  const placed = await Promise.all([...of('frozen_points'), ...of('frozen_payee')].map((order) => stage.place(order)));
  await stage.freeze('points', FROZEN_MERCHANT, FROZEN_CUSTOMER);
  await stage.freeze('payee', FROZEN_MERCHANT, FROZEN_PAYEE);
  const partly = await Promise.all(placed.map((one) => finish(stage, one)));
  await stage.freeze('account', FROZEN_MERCHANT);
  return [...thawed, ...partly, ...(await play(of('frozen_account')))];
}
