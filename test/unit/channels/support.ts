import type { ChannelAccount, ChannelEvent, RawCallback, Verification } from '../../../src/channels/channel';
import { channelRegistry } from '../../../src/channels/registry';
import type { VendorBank, VendorCallback, VendorPayment } from '../../support/vendor-callbacks';

export const NOW = new Date('2026-11-21T10:00:00Z');

export const PAYMENT: VendorPayment = {
  providerReference: '2026112122001493291420',
  paymentReference: 'Q0123456789abcdefghijklmnopqrstu',
  amount: '12.34',
  currency: 'CNY',
  account: 'acct_1Quittance',
  live: false,
  at: NOW,
};

export function accountOf(bank: VendorBank, change: Partial<ChannelAccount> = {}): ChannelAccount {
  const keys = bank.keys().map(({ purpose, serial, secret }) => ({ purpose, serial, secret }));
  return { receivingAccount: PAYMENT.account, live: false, settings: {}, keys, ...change };
}

export function verify(
  bank: VendorBank,
  callback: VendorCallback | RawCallback,
  channel = accountOf(bank),
  now = NOW,
): Verification {
  const adapter = channelRegistry.get(bank.provider);
  if (adapter === undefined) throw new Error(`no adapter for ${bank.provider}`);
  return adapter.verify(callback, channel, now);
}

/** The events of a callback that must be verified. */
export function eventsOf(verification: Verification): readonly ChannelEvent[] {
  if (verification.kind !== 'verified') throw new Error(`refused: ${verification.reason}`);
  return verification.events;
}

export function onlyEvent(verification: Verification): ChannelEvent {
  const [event, ...more] = eventsOf(verification);
  if (event === undefined || more.length > 0) throw new Error('not exactly one event');
  return event;
}

/** The amount of money that arrived, as text with its currency; undefined where none did. */
export function moneyOf(verification: Verification): string | undefined {
  const { verdict } = onlyEvent(verification);
  return verdict.kind === 'payment_succeeded' ? `${verdict.amount.toString()} ${verdict.amount.currency}` : undefined;
}

export function refusal(reason: string): { kind: 'refused'; reason: string } {
  return { kind: 'refused', reason };
}

export function secondsFrom(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

/** A copy with other fields; those that become undefined are left out, as JSON does it. */
export function changed<T extends object>(original: T, change: { readonly [K in keyof T]?: T[K] | undefined }): T {
  const fields = Object.entries({ ...original, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields) as T;
}
