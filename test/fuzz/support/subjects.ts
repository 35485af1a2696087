import type { ChannelAccount, RawCallback, Verification } from '../../../src/channels/channel';
import { channelRegistry } from '../../../src/channels/registry';
import {
  createAdyenBank,
  createAlipayBank,
  createStandardWebhooksBank,
  createStripeBank,
  createWeChatPayBank,
  type VendorBank,
  type VendorCallback,
} from '../../support/vendor-callbacks';
import { accountOf, NOW, PAYMENT } from '../../unit/channels/support';

/** A vendor whose callbacks are attacked, and what its signature covers. */
export interface Subject {
  readonly name: string;
  readonly bank: VendorBank;
  /** Another of its kind, with keys of its own. */
  readonly stranger: VendorBank;
  /** Every byte of the body is signed, so that no other body can be genuine. */
  readonly signsTheBody: boolean;
  /** A time is signed, and a window is kept. */
  readonly signsATime: boolean;
  /** The headers that verification reads. */
  readonly headers: readonly string[];
}

const create: readonly (readonly [string, () => VendorBank, Pick<Subject, 'signsTheBody' | 'signsATime'>])[] = [
  ['alipay', createAlipayBank, { signsTheBody: false, signsATime: false }],
  ['wechat_pay', createWeChatPayBank, { signsTheBody: true, signsATime: true }],
  ['stripe', createStripeBank, { signsTheBody: true, signsATime: true }],
  ['adyen', createAdyenBank, { signsTheBody: false, signsATime: false }],
  ['standard_webhooks with HMAC', () => createStandardWebhooksBank('v1'), { signsTheBody: true, signsATime: true }],
  ['standard_webhooks with Ed25519', () => createStandardWebhooksBank('v1a'), { signsTheBody: true, signsATime: true }],
];

export const SUBJECTS: readonly Subject[] = create.map(([name, make, covers]) => {
  const bank = make();
  const headers = Object.keys(bank.paid(PAYMENT).headers).filter((one) => !/content-type|signature-type/.test(one));
  return { name, bank, stranger: make(), headers, ...covers };
});

/** Whatever is sent, an adapter answers: what it throws fails the test that called it. */
export function verifyAs(
  subject: Subject,
  callback: VendorCallback | RawCallback,
  channel: ChannelAccount = accountOf(subject.bank),
  now = NOW,
): Verification {
  return channelRegistry.get(subject.bank.provider)!.verify(callback, channel, now);
}

/** Every kind of event that a vendor sends. */
export function genuineCallbacks({ bank }: Subject): readonly VendorCallback[] {
  return [bank.paid(PAYMENT), bank.failed(PAYMENT), bank.refund(PAYMENT), bank.other(PAYMENT)];
}
