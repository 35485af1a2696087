import HmacValidator from '@adyen/api-library/lib/src/utils/hmacValidator';
import { AlipaySdk } from '../support/vendor-callbacks/alipay-sdk';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';
import { SIGNERS, type BankEvent, type Callback, type ChannelKey, type Provider } from '../../demo/signing';
import { channelRegistry } from '../../src/channels/registry';

/** The demo's bank signs by itself; here the gateways' own libraries say whether a genuine gateway would sign so. */
type Verifier = (callback: Callback, keys: readonly ChannelKey[]) => boolean;

function secretOf(keys: readonly ChannelKey[], purpose: string): string {
  return keys.find((key) => key.purpose === purpose)?.secret ?? '';
}

const VERIFIERS: Readonly<Record<Provider, Verifier>> = {
  alipay: ({ body }, keys) => {
    const sdk = new AlipaySdk({
      appId: 'any',
      privateKey: 'unused',
      alipayPublicKey: secretOf(keys, 'alipay_public_key'),
    });
    return sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(body)));
  },
  wechat_pay: ({ headers, body }, keys) => {
    const signed = Formatter.response(headers['wechatpay-timestamp'] ?? '', headers['wechatpay-nonce'] ?? '', body);
    const publicKey = secretOf(keys, 'platform_public_key');
    if (!Rsa.verify(signed, headers['wechatpay-signature'] ?? '', publicKey)) return false;
    const { resource } = JSON.parse(body) as { resource: Record<'ciphertext' | 'nonce' | 'associated_data', string> };
    const key = secretOf(keys, 'api_v3_key');
    const content = Aes.AesGcm.decrypt(resource.ciphertext, key, resource.nonce, resource.associated_data);
    return 'transaction_id' in (JSON.parse(content) as object);
  },
  stripe: ({ headers, body }, keys) => {
    const secret = secretOf(keys, 'webhook_secret');
    try {
      Stripe.webhooks.constructEvent(body, headers['stripe-signature'] ?? '', secret);
      return true;
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
      throw error;
    }
  },
  adyen: ({ body }, keys) => {
    const { notificationItems } = JSON.parse(body) as {
      notificationItems: { NotificationRequestItem: Parameters<HmacValidator['validateHMAC']>[0] }[];
    };
    const validator = new HmacValidator();
    return notificationItems.every(({ NotificationRequestItem: item }) => {
      const hasSignature = 'hmacSignature' in ((item as { additionalData?: object }).additionalData ?? {});
      return hasSignature && validator.validateHMAC(item, secretOf(keys, 'hmac_key'));
    });
  },
  standard_webhooks: ({ headers, body }, keys) => {
    try {
      new Webhook(secretOf(keys, 'webhook_secret')).verify(body, { ...headers });
      return true;
    } catch {
      return false;
    }
  },
};

const EVENT: BankEvent = {
  id: 'evt-1',
  kind: 'paid',
  payment: {
    id: 'PAY123',
    reference: 'abcdefghijklmnopqrstuvwxy',
    amount: '12.30',
    currency: 'CNY',
    account: 'ACCOUNT1',
    live: true,
  },
};
const ALTERED: BankEvent = { ...EVENT, payment: { ...EVENT.payment, amount: '912.30' } };
const PROVIDERS = Object.keys(SIGNERS) as Provider[];

describe.each(PROVIDERS)('what the demo signs as %s', (provider) => {
  const signer = SIGNERS[provider]();
  const isGenuine = (callback: Callback, keys = signer.keys): boolean => VERIFIERS[provider](callback, keys);

  it.each(['paid', 'failed', 'noise', 'refund', 'unheard_of'] as const)(
    'is genuine to the official library: %s',
    (kind) => {
      expect(isGenuine(signer.sign([{ ...EVENT, kind }], { at: new Date() }))).toBe(true);
    },
  );

  it('is a forgery to it with other keys, changed after signing, or unsigned', () => {
    const at = new Date();
    expect(isGenuine(SIGNERS[provider]().sign([EVENT], { at }))).toBe(false);
    expect(isGenuine(signer.sign([EVENT], { at, altered: [ALTERED] }))).toBe(false);
    expect(isGenuine(signer.sign([EVENT], { at, unsigned: true }))).toBe(false);
  });

  it('says to the service what it means', () => {
    const at = new Date();
    const channel = {
      receivingAccount: 'ACCOUNT1',
      live: true,
      settings: {},
      keys: signer.keys.map(({ purpose, serial, secret }) => ({ purpose, serial, secret })),
    };
    const verdictOf = (kind: BankEvent['kind']): unknown => {
      const { headers, body } = signer.sign([{ ...EVENT, kind }], { at });
      const verified = channelRegistry.get(provider)?.verify({ headers, body: Buffer.from(body) }, channel, at);
      return verified?.kind === 'verified' ? verified.events[0]?.verdict.kind : verified;
    };
    expect(verdictOf('paid')).toBe('payment_succeeded');
    expect(verdictOf('failed')).toBe('payment_failed');
    expect(verdictOf('noise')).toBe('no_effect');
    expect(verdictOf('refund')).toBe('refund');
    expect(verdictOf('unheard_of')).toBe('not_understood');
  });
});
