import { createAdyenSigner } from './adyen';
import { createAlipaySigner } from './alipay';
import type { Signer } from './signer';
import { createStandardWebhooksSigner } from './standard-webhooks';
import { createStripeSigner } from './stripe';
import { createWeChatPaySigner } from './wechat-pay';

export type { BankEvent, Callback, ChannelKey, EventKind, Payment, Signer } from './signer';

/** A signer of each provider, with fresh keys. A forger has one too, with other keys. */
export const SIGNERS = {
  alipay: createAlipaySigner,
  wechat_pay: createWeChatPaySigner,
  stripe: createStripeSigner,
  adyen: createAdyenSigner,
  standard_webhooks: createStandardWebhooksSigner,
} as const satisfies Readonly<Record<string, () => Signer>>;
export type Provider = keyof typeof SIGNERS;

/** Which of them sign the time, so that an old callback can be told from a new one. */
export const SIGNS_TIME: Readonly<Record<Provider, boolean>> = {
  alipay: false,
  wechat_pay: true,
  stripe: true,
  adyen: false,
  standard_webhooks: true,
};
