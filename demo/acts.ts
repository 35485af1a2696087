import { setTimeout as wait } from 'node:timers/promises';
import type { BankCalls, Delivery } from './bank-calls';
import type { Peer } from './ipc';
import { toMinor } from './minor-units';
import { FROZEN_STORY, type PlannedOrder, type Scenario } from './plan';
import { finish, playFrozenStory, playOrder } from './scenarios';
import { PAYMENT_PREFIX, type PlacedOrder, type Stage } from './stage';
import type { Story, Stray } from './stories';
import { type ChannelInWorld, channelNamed } from './world';

export interface ActsDependencies {
  readonly stage: Stage;
  readonly orders: readonly PlannedOrder[];
  /** Kills the service and starts it again. */
  readonly pullThePlug: () => Promise<void>;
  /** Told of each story when it is over. */
  readonly onStory: (story: Story) => void;
  readonly onRush: (payments: number) => void;
}

export interface Played {
  readonly stories: readonly Story[];
  readonly rush: { readonly payments: number; readonly seconds: number };
}

/** So long the orders of one hundred are spread over. */
const MS_PER_ORDER = 18;
const SHORTEST_MS = 2_000;
/** When the plug is pulled, as a fraction of that time. */
const PLUG_AT = 0.45;
/** The payments that the plug is pulled on are so far on their way then. */
const INTO_IT_MS = 40;

/**
 * The whole play: orders begin one after the other, in the middle of it the service is killed while payments are on their
 * way, and at the end everybody pays at once.
 */
export async function playAll(deps: ActsDependencies): Promise<Played> {
  const { stage, orders, onStory } = deps;
  const lasts = Math.max(SHORTEST_MS, orders.length * MS_PER_ORDER);
  const atItsTime = async <Result>(order: PlannedOrder, act: () => Promise<Result>): Promise<Result> => {
    await wait(order.begins * lasts);
    return act();
  };
  const tell = (story: Story): Story => {
    onStory(story);
    return story;
  };
  const of = (...scenarios: readonly Scenario[]): readonly PlannedOrder[] =>
    orders.filter((order) => scenarios.includes(order.scenario));
  const place = (some: readonly PlannedOrder[]): Promise<readonly PlacedOrder[]> =>
    Promise.all(some.map((order) => atItsTime(order, () => stage.place(order))));
  const finishAll = (placed: readonly PlacedOrder[]): Promise<Story[]> =>
    Promise.all(placed.map(async (one) => tell(await finish(stage, one))));

  const apart = new Set<Scenario>([...FROZEN_STORY, 'plugged', 'rush']);
  const frozen = playFrozenStory(stage, of(...FROZEN_STORY)).then((stories) => stories.map(tell));
  const ordinary = Promise.all(
    orders
      .filter((order) => !apart.has(order.scenario))
      .map((order) => atItsTime(order, async () => tell(await playOrder(stage, order)))),
  );
  const plugged = Promise.all([place(of('plugged')), wait(PLUG_AT * lasts)]).then(async ([placed]) => {
    const [stories] = await Promise.all([finishAll(placed), wait(INTO_IT_MS).then(deps.pullThePlug)]);
    return stories;
  });
  const [placed, ...early] = await Promise.all([place(of('rush')), frozen, ordinary, plugged]);
  deps.onRush(placed.length);
  const began = Date.now();
  const rushed = await finishAll(placed);
  const seconds = (Date.now() - began) / 1000;
  return { stories: [...early.flat(), ...rushed], rush: { payments: rushed.length, seconds } };
}

/** Money that belongs to no order: without any reference, or with one that was never given out. */
export async function payStrays(bank: Peer<BankCalls>): Promise<readonly Stray[]> {
  const strays = [
    { channel: channelNamed('first-nordic-bank'), amount: '125.00', currency: 'EUR', named: false },
    { channel: channelNamed('stripe-dublin'), amount: '4200', currency: 'JPY', named: false },
    { channel: channelNamed('adyen-amsterdam'), amount: '10.500', currency: 'KWD', named: true },
  ];
  await Promise.all(strays.map((stray, index) => bank.call('deliver', strayDelivery(stray, index))));
  return strays.map(({ currency, amount, named }) => ({ currency, named, minor: toMinor(amount, currency) }));
}

function strayDelivery(
  stray: { channel: ChannelInWorld; amount: string; currency: string; named: boolean },
  index: number,
): Delivery {
  const { channel, amount, currency, named } = stray;
  const id = `${PAYMENT_PREFIX[channel.provider]}STRAY${index}`;
  const payment = {
    id,
    reference: named ? 'nobodyhaseverorderedthis0' : undefined,
    amount,
    currency,
    account: channel.receivingAccount,
    live: channel.live,
  };
  return {
    channel: channel.name,
    sort: 'unknown',
    events: [{ id: `${id}-paid`, kind: 'paid', payment }],
    expects: named ? 'not_yet' : 'acknowledged',
  };
}
