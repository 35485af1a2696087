import { adyen } from './adyen';
import { alipay } from './alipay';
import type { ChannelAdapter, ProviderName } from './channel';
import { standardWebhooks } from './standard-webhooks';
import { stripe } from './stripe';
import { wechatPay } from './wechat-pay';

/** Every provider that a channel can be of. A new one is a file beside this one and a name in this list. */
const ADAPTERS: readonly ChannelAdapter[] = [alipay, wechatPay, stripe, adyen, standardWebhooks];

export type ChannelRegistry = ReadonlyMap<ProviderName, ChannelAdapter>;

export const channelRegistry: ChannelRegistry = new Map(ADAPTERS.map((adapter) => [adapter.provider, adapter]));
