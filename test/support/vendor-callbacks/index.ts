import { createAdyenBank } from './adyen-bank';
import { createAlipayBank } from './alipay-bank';
import { createStandardWebhooksBank } from './standard-webhooks-bank';
import { createStripeBank } from './stripe-bank';
import type { VendorBank } from './vendor-bank';
import { createWeChatPayBank } from './wechat-pay-bank';

export { createAdyenBank, createAlipayBank, createStandardWebhooksBank, createStripeBank, createWeChatPayBank };
export type { VendorBank, VendorCallback, VendorKey, VendorPayment } from './vendor-bank';

/** One bank of every kind, with keys of its own. */
export function everyVendorBank(): readonly VendorBank[] {
  return [
    createAlipayBank(),
    createWeChatPayBank(),
    createStripeBank(),
    createAdyenBank(),
    createStandardWebhooksBank('v1'),
    createStandardWebhooksBank('v1a'),
  ];
}
