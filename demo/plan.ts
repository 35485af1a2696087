import { type Random, createRandom } from './random';
import { SIGNS_TIME } from './signing';
import { CHANNELS, type ChannelInWorld, FROZEN_MERCHANT, MERCHANTS, type MerchantInWorld, termsFor } from './world';

/** What can happen to an order in the demo; `scenarios.ts` says how. */
export const SCENARIOS = {
  plain: { share: 40 },
  repeated: { share: 24 },
  shouted: { share: 12 },
  second_try: { share: 20 },
  noisy: { share: 20 },
  forged_first: { share: 20 },
  forged_only: { share: 6 },
  replayed: { share: 10 },
  misdirected: { share: 6 },
  wrong_amount: { share: 8 },
  wrong_currency: { share: 6 },
  late_closed: { share: 8 },
  late_expired: { share: 6 },
  close_race: { share: 8 },
  paid_twice: { share: 10 },
  raced: { share: 8 },
  elsewhere: { share: 5 },
  three_in_one: { share: 6 },
  refunded: { share: 3 },
  failed_after: { share: 4 },
  changed: { share: 4 },
  unheard_of: { share: 3 },
  unpaid: { share: 6 },
  thawed: { share: 3 },
  frozen_points: { share: 3 },
  frozen_payee: { share: 3 },
  frozen_account: { share: 6 },
  plugged: { share: 40 },
  rush: { share: 110 },
} as const satisfies Readonly<Record<string, { readonly share: number }>>;
export type Scenario = keyof typeof SCENARIOS;

/** The scenarios of the merchant whose accounts are frozen, in their order; they are one story. */
export const FROZEN_STORY = ['thawed', 'frozen_points', 'frozen_payee', 'frozen_account'] as const;

export interface PlannedSplit {
  readonly payee: string;
  readonly minor: bigint;
}

export interface PlannedOrder {
  /** The merchant's own number. */
  readonly number: string;
  readonly scenario: Scenario;
  readonly merchant: string;
  readonly currency: string;
  readonly minor: bigint;
  readonly customer: string | undefined;
  readonly splits: readonly PlannedSplit[];
  /** The channel that it is paid through, and another one that could take its currency. */
  readonly channel: string;
  readonly otherChannel: string;
  /** When it begins, as a fraction of the time that all of them take. */
  readonly begins: number;
}

/** With fewer orders not everything can happen. */
export const FEWEST_ORDERS = 40;

/** What will happen, all of it decided by the seed. */
export function planOrders(count: number, seed: number): readonly PlannedOrder[] {
  const random = createRandom(seed);
  return scenariosFor(count).map((scenario, index) => planOrder(scenario, index, random));
}

/** Each scenario at least once; what is left over is plain. */
function scenariosFor(count: number): readonly Scenario[] {
  const names = Object.keys(SCENARIOS) as Scenario[];
  const total = names.reduce((sum, name) => sum + SCENARIOS[name].share, 0);
  const scenarios = names.flatMap((name) => {
    const times = Math.max(1, Math.floor((SCENARIOS[name].share * count) / total));
    return Array.from({ length: times }, () => name);
  });
  const plain = Math.max(0, count - scenarios.length);
  return [...scenarios.slice(0, count), ...Array.from({ length: plain }, () => 'plain' as const)];
}

function planOrder(scenario: Scenario, index: number, random: Random): PlannedOrder {
  const merchant = merchantFor(scenario, random);
  const terms = random.pick(merchant.currencies);
  const { currency } = terms;
  const minor = amountFor(termsFor(merchant, currency).typical, currency, random);
  const channels = CHANNELS.filter((channel) => channel.currencies.includes(currency));
  const channel = random.pick(channels.filter((one) => suits(scenario, one)));
  return {
    number: `${merchant.key.slice(0, 2).toUpperCase()}-${String(index + 1).padStart(4, '0')}`,
    scenario,
    merchant: merchant.key,
    currency,
    minor,
    customer: customerFor(scenario, merchant, random),
    splits: splitsFor(scenario, merchant, minor, random),
    channel: channel.name,
    otherChannel: random.pick(channels.filter((one) => one !== channel)).name,
    begins: scenario === 'late_expired' || scenario === 'plugged' ? random.fraction() / 5 : random.fraction(),
  };
}

function isFrozenStory(scenario: Scenario): boolean {
  return (FROZEN_STORY as readonly Scenario[]).includes(scenario);
}

function merchantFor(scenario: Scenario, random: Random): MerchantInWorld {
  const frozen = isFrozenStory(scenario);
  const candidates = MERCHANTS.filter((one) => (one.key === FROZEN_MERCHANT) === frozen);
  // Three orders in one notification are Adyen's, which does not take every currency.
  const suited = candidates.filter((one) => one.currencies.every(({ currency }) => hasChannel(scenario, currency)));
  let ticket = random.whole(
    1,
    Math.max(
      1,
      suited.reduce((sum, one) => sum + one.share, 0),
    ),
  );
  const found = suited.find((one) => (ticket -= one.share) <= 0);
  return found ?? random.pick(suited);
}

function hasChannel(scenario: Scenario, currency: string): boolean {
  return CHANNELS.some((channel) => channel.currencies.includes(currency) && suits(scenario, channel));
}

function suits(scenario: Scenario, channel: ChannelInWorld): boolean {
  if (scenario === 'replayed') return SIGNS_TIME[channel.provider];
  return scenario !== 'three_in_one' || channel.provider === 'adyen';
}

/** Between half and twice of what is typical. Gateways take three-decimal currencies with a zero at the end. */
function amountFor(typical: bigint, currency: string, random: Random): bigint {
  const minor = (typical * BigInt(random.whole(50, 200))) / 100n + BigInt(random.whole(0, 9));
  return currency === 'KWD' ? (minor / 10n) * 10n : minor;
}

function customerFor(scenario: Scenario, merchant: MerchantInWorld, random: Random): string | undefined {
  if (scenario === 'thawed' || scenario === 'frozen_points') return merchant.customers[0];
  if (isFrozenStory(scenario)) return merchant.customers[1];
  return random.chance(0.7) ? random.pick(merchant.customers) : undefined;
}

/** A third of the orders share a twentieth to a tenth with somebody. */
function splitsFor(
  scenario: Scenario,
  merchant: MerchantInWorld,
  minor: bigint,
  random: Random,
): readonly PlannedSplit[] {
  const wanted = isFrozenStory(scenario) ? scenario === 'frozen_payee' : random.chance(0.35);
  if (!wanted) return [];
  const payees = random.chance(0.3) ? merchant.payees : merchant.payees.slice(0, 1);
  return payees.map((payee) => ({ payee, minor: (minor * BigInt(random.whole(5, 10))) / 100n }));
}
