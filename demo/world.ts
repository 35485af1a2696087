import type { Provider } from './signing';
import type { FeeTerms, PointsTerms } from './terms';

/** Who takes part in the demo. */

/**
 * How a merchant's server behaves when it is told of an order.
 * - `steady` answers at once, `slow` takes its time, `moody` fails now and then.
 * - `wordy` answers 200 always and means it only where the body is "success", as many servers in China do.
 * - `at_lunch` hangs up at first. `gone_fishing` always fails: that merchant has to ask.
 */
export type Behaviour = 'steady' | 'slow' | 'moody' | 'wordy' | 'at_lunch' | 'gone_fishing';

export interface CurrencyTerms {
  readonly currency: string;
  readonly fee: FeeTerms;
  readonly points?: PointsTerms;
  /** What an order is about, in minor units. */
  readonly typical: bigint;
}

export interface MerchantInWorld {
  readonly key: string;
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly currencies: readonly CurrencyTerms[];
  /** Who gets a share of some orders. */
  readonly payees: readonly string[];
  readonly customers: readonly string[];
  /** How many of a hundred plain orders are this merchant's. */
  readonly share: number;
}

export const MERCHANTS: readonly MerchantInWorld[] = [
  {
    key: 'aurora',
    name: 'Aurora Coffee, Oslo',
    behaviour: 'steady',
    currencies: [
      {
        currency: 'EUR',
        fee: { rate: '0.014', fixed: '0.25', rounding: 'half_up' },
        points: { points_per_unit: '1.5', point_value: '0.01' },
        typical: 1890n,
      },
      {
        currency: 'USD',
        fee: { rate: '0.029', fixed: '0.30', maximum: '12.00', rounding: 'half_even' },
        typical: 4450n,
      },
    ],
    payees: ['promoter-ingrid', 'roaster-nils'],
    customers: ['ada', 'bjarne', 'chidi', 'dagny'],
    share: 30,
  },
  {
    key: 'tanuki',
    name: 'Tanuki Books, Kyoto',
    behaviour: 'moody',
    currencies: [
      {
        currency: 'JPY',
        fee: { rate: '0.0325', fixed: '0', minimum: '30', rounding: 'down' },
        points: { points_per_unit: '0.01', point_value: '1' },
        typical: 2980n,
      },
    ],
    payees: ['author-murasaki'],
    customers: ['emi', 'fumio', 'goro'],
    share: 22,
  },
  {
    key: 'longjing',
    name: 'Longjing Tea, Hangzhou',
    behaviour: 'wordy',
    currencies: [
      {
        currency: 'CNY',
        fee: { rate: '0.006', fixed: '0', minimum: '0.01', rounding: 'half_up' },
        points: { points_per_unit: '0.1', point_value: '0' },
        typical: 12800n,
      },
    ],
    payees: ['guide-lin'],
    customers: ['hua', 'jun', 'lan'],
    share: 22,
  },
  {
    key: 'desert',
    name: 'Desert Rose, Kuwait',
    behaviour: 'slow',
    currencies: [
      {
        currency: 'KWD',
        fee: { rate: '0.0275', fixed: '0.100', maximum: '2.500', rounding: 'up' },
        points: { points_per_unit: '10', point_value: '0.005' },
        typical: 21_750n,
      },
    ],
    payees: ['courier-noor'],
    customers: ['khalid', 'layla'],
    share: 14,
  },
  {
    key: 'geysir',
    name: 'Geysir Wool, Reykjavík',
    behaviour: 'at_lunch',
    currencies: [
      { currency: 'ISK', fee: { rate: '0.019', fixed: '15', rounding: 'half_even' }, typical: 14_900n },
      { currency: 'EUR', fee: { rate: '0.019', fixed: '0.10', rounding: 'half_up' }, typical: 10_900n },
    ],
    payees: ['knitter-sigrun'],
    customers: ['magnus', 'olof'],
    share: 12,
  },
  {
    key: 'frost',
    name: 'Frost & Sons, Winnipeg',
    behaviour: 'gone_fishing',
    currencies: [
      {
        currency: 'USD',
        fee: { rate: '0.025', fixed: '0.10', rounding: 'half_up' },
        points: { points_per_unit: '1', point_value: '0.01' },
        typical: 7900n,
      },
    ],
    payees: ['frozen-fritz'],
    customers: ['icy-petra', 'quentin'],
    share: 0,
  },
];

/** The merchant whose accounts an operator freezes in the middle of it. */
export const FROZEN_MERCHANT = 'frost';
/** Whose points account is frozen. */
export const FROZEN_CUSTOMER = 'icy-petra';
/** Who is frozen out of a split. */
export const FROZEN_PAYEE = 'frozen-fritz';

export interface ChannelInWorld {
  readonly name: string;
  readonly provider: Provider;
  readonly receivingAccount: string;
  readonly live: boolean;
  readonly currencies: readonly string[];
}

/** Each gateway has its own idea of minor units: 100 ISK are 10000 at Adyen and Stripe, and 100 everywhere else. */
export const CHANNELS: readonly ChannelInWorld[] = [
  {
    name: 'alipay-hangzhou',
    provider: 'alipay',
    receivingAccount: '2021000117650139',
    live: true,
    currencies: ['CNY'],
  },
  {
    name: 'wechat-shenzhen',
    provider: 'wechat_pay',
    receivingAccount: '1900007291',
    live: true,
    currencies: ['CNY', 'JPY'],
  },
  {
    name: 'stripe-dublin',
    provider: 'stripe',
    receivingAccount: 'acct_1QuittanceDemo',
    live: true,
    currencies: ['EUR', 'USD', 'JPY', 'KWD', 'ISK'],
  },
  {
    name: 'adyen-amsterdam',
    provider: 'adyen',
    receivingAccount: 'QuittanceECOM',
    live: true,
    currencies: ['EUR', 'USD', 'JPY', 'KWD', 'ISK'],
  },
  {
    name: 'first-nordic-bank',
    provider: 'standard_webhooks',
    receivingAccount: 'NO9386011117947',
    live: true,
    currencies: ['EUR', 'USD', 'JPY', 'KWD', 'ISK', 'CNY'],
  },
];

export function channelNamed(name: string): ChannelInWorld {
  const channel = CHANNELS.find((one) => one.name === name);
  if (channel === undefined) throw new Error(`there is no channel ${name}`);
  return channel;
}

export function merchantNamed(key: string): MerchantInWorld {
  const merchant = MERCHANTS.find((one) => one.key === key);
  if (merchant === undefined) throw new Error(`there is no merchant ${key}`);
  return merchant;
}

export function termsFor(merchant: MerchantInWorld, currency: string): CurrencyTerms {
  const terms = merchant.currencies.find((one) => one.currency === currency);
  if (terms === undefined) throw new Error(`${merchant.name} takes no ${currency}`);
  return terms;
}
