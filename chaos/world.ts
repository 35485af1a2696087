import { CHANNELS, type ChannelInWorld } from '../demo/world';
import type { FeeTerms, PointsTerms } from '../demo/terms';

/** Who takes part: the demo's channels, one of each provider, and merchants whose servers are bad in every way there is. */
export { CHANNELS, channelNamed } from '../demo/world';

/**
 * How a merchant's server takes what it is told, until everything is healed.
 * - `steady` answers at once, `slow` takes up to a second, `moody` fails every third time.
 * - `hanging` never answers every eighth request, `rude` cuts every fifth off. `away` is not there for the first half.
 * - `leaving` says 410 after a while, so that its endpoint is disabled: that merchant has to ask.
 */
export type Temper = 'steady' | 'slow' | 'moody' | 'hanging' | 'rude' | 'away' | 'leaving';

export interface Merchant {
  readonly key: string;
  readonly temper: Temper;
  readonly currency: string;
  readonly fee: FeeTerms;
  readonly points?: PointsTerms;
  /** Shares of its orders go to these. */
  readonly payees: readonly string[];
  /** Whether its own account is frozen: its money waits in suspense. */
  readonly frozen: boolean;
  /** How many of a hundred orders are its own. */
  readonly share: number;
}

/** A customer of the first merchant whose points account is frozen: the order is paid, and earns nothing. */
export const FROZEN_CUSTOMER = 'icy-petra';

const NO_PAYEES = { payees: [], frozen: false } as const;

export const MERCHANTS: readonly Merchant[] = [
  {
    key: 'hot',
    temper: 'steady',
    currency: 'EUR',
    fee: { rate: '0.014', fixed: '0.25', rounding: 'half_up' },
    points: { points_per_unit: '1.5', point_value: '0.01' },
    payees: ['roaster', 'promoter'],
    frozen: false,
    share: 34,
  },
  {
    key: 'slow',
    temper: 'slow',
    currency: 'JPY',
    fee: { rate: '0.0325', fixed: '0', minimum: '30', rounding: 'down' },
    points: { points_per_unit: '0.01', point_value: '1' },
    payees: ['author'],
    frozen: false,
    share: 12,
  },
  {
    key: 'moody',
    temper: 'moody',
    currency: 'CNY',
    fee: { rate: '0.006', fixed: '0', minimum: '0.01', rounding: 'half_up' },
    points: { points_per_unit: '0.1', point_value: '0' },
    ...NO_PAYEES,
    share: 14,
  },
  {
    key: 'hanging',
    temper: 'hanging',
    currency: 'KWD',
    fee: { rate: '0.0275', fixed: '0.100', maximum: '2.500', rounding: 'up' },
    points: { points_per_unit: '10', point_value: '0.005' },
    ...NO_PAYEES,
    share: 8,
  },
  {
    key: 'rude',
    temper: 'rude',
    currency: 'USD',
    fee: { rate: '0.029', fixed: '0.30', maximum: '12.00', rounding: 'half_even' },
    ...NO_PAYEES,
    share: 10,
  },
  {
    key: 'away',
    temper: 'away',
    currency: 'EUR',
    fee: { rate: '0.019', fixed: '0.10', rounding: 'half_up' },
    ...NO_PAYEES,
    share: 8,
  },
  {
    key: 'leaving',
    temper: 'leaving',
    currency: 'USD',
    fee: { rate: '0.025', fixed: '0.10', rounding: 'half_up' },
    points: { points_per_unit: '1', point_value: '0.01' },
    ...NO_PAYEES,
    share: 6,
  },
  {
    key: 'frozen',
    temper: 'steady',
    currency: 'EUR',
    fee: { rate: '0.02', fixed: '0', rounding: 'half_up' },
    points: { points_per_unit: '1', point_value: '0.01' },
    payees: [],
    frozen: true,
    share: 8,
  },
];

export function merchantNamed(key: string): Merchant {
  const merchant = MERCHANTS.find((one) => one.key === key);
  if (merchant === undefined) throw new Error(`there is no merchant ${key}`);
  return merchant;
}

export function channelsFor(currency: string): readonly ChannelInWorld[] {
  return CHANNELS.filter((channel) => channel.currencies.includes(currency));
}
