import { type Random, createRandom } from '../demo/random';
import { CHANNELS, FROZEN_CUSTOMER, MERCHANTS, type Merchant, channelsFor, merchantNamed } from './world';

/** What happens to one order; each is decided by the seed and its number. */
export const SCENARIOS = {
  plain: 40,
  noisy: 8,
  forged_first: 8,
  twice: 7,
  wrong_amount: 5,
  wrong_currency: 3,
  closed: 4,
  close_race: 5,
  expiring: 4,
  batch: 4,
  failed_after: 3,
  refunded: 2,
  changed: 3,
  elsewhere: 2,
  unpaid: 2,
  stray: 2,
} as const satisfies Readonly<Record<string, number>>;
export type Scenario = keyof typeof SCENARIOS;

export interface Story {
  readonly number: number;
  readonly scenario: Scenario;
  readonly merchant: Merchant;
  readonly minor: bigint;
  readonly customer: string | undefined;
  readonly splits: readonly { readonly payee: string; readonly minor: bigint }[];
  readonly channel: string;
  /** Another channel that takes the same currency; the same where there is none. */
  readonly otherChannel: string;
  /** How many copies of the callback go out at once. */
  readonly copies: number;
  /** How often the bank says it all again although it was acknowledged, each time after so many milliseconds. */
  readonly repeatsAfterMs: readonly number[];
  /** A fraction for whatever the scenario decides by chance. */
  readonly chance: number;
}

export function storyOf(seed: number, number: number): Story {
  const random = createRandom((seed ^ Math.imul(number + 1, 0x9e3779b1)) >>> 0);
  const scenario = weighted(random, Object.entries(SCENARIOS)) as Scenario;
  const merchant = merchantNamed(scenario === 'batch' ? 'hot' : weighted(random, MERCHANTS.map(shareOf)));
  const minor = BigInt(random.whole(1_000, 30_000));
  const splits = merchant.payees
    .filter(() => random.chance(0.3))
    .map((payee) => ({ payee, minor: BigInt(random.whole(1, 300)) }));
  const channels = channelsFor(merchant.currency).map(({ name }) => name);
  const channel = scenario === 'batch' ? adyen() : random.pick(channels);
  const others = channels.filter((name) => name !== channel);
  return {
    number,
    scenario,
    merchant,
    minor,
    customer: customerOf(random, merchant),
    splits,
    channel,
    otherChannel: others.length === 0 ? channel : random.pick(others),
    copies: random.chance(0.3) ? random.whole(2, 5) : 1,
    repeatsAfterMs: random.chance(0.2) ? [random.whole(1, 400), random.whole(500, 6_000)] : [],
    chance: random.fraction(),
  };
}

function customerOf(random: Random, merchant: Merchant): string | undefined {
  if (merchant === MERCHANTS[0] && random.chance(0.08)) return FROZEN_CUSTOMER;
  return random.chance(0.6) ? `customer-${random.whole(1, 20)}` : undefined;
}

function shareOf({ key, share }: Merchant): readonly [string, number] {
  return [key, share];
}

/** The one provider that puts several events into one callback. */
function adyen(): string {
  const channel = CHANNELS.find(({ provider }) => provider === 'adyen');
  if (channel === undefined) throw new Error('there is no channel of Adyen');
  return channel.name;
}

function weighted(random: Random, weights: readonly (readonly [name: string, weight: number])[]): string {
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  let rest = random.fraction() * total;
  for (const [name, weight] of weights) {
    rest -= weight;
    if (rest < 0) return name;
  }
  return weights[0]?.[0] ?? '';
}
