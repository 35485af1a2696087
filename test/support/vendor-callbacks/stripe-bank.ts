import { randomBytes } from 'node:crypto';
import Stripe from 'stripe';
import {
  decimalsIn,
  toMinorUnits,
  unixSeconds,
  type VendorBank,
  type VendorCallback,
  type VendorPayment,
} from './vendor-bank';

/** docs.stripe.com/currencies; ISK and UGX keep two decimals. */
const DECIMALS = { JPY: 0, KRW: 0, VND: 0, CLP: 0, MGA: 0, KWD: 3, BHD: 3, TND: 3, ISK: 2, UGX: 2 };

export interface StripeBank extends VendorBank {
  /** Any event, signed; the demo and the tests make odd ones with it. */
  send(event: unknown, at?: Date): VendorCallback;
}

export function createStripeBank(secret = `whsec_${randomBytes(24).toString('hex')}`): StripeBank {
  const send = (event: unknown, at?: Date): VendorCallback => {
    const payload = JSON.stringify(event, null, 2);
    const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: unixSeconds(at) });
    return {
      headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
      body: Buffer.from(payload),
    };
  };
  const event = (type: string, payment: VendorPayment, object: Record<string, unknown>): VendorCallback =>
    send(
      {
        id: payment.eventId ?? `evt_${payment.providerReference}_${type}`,
        object: 'event',
        api_version: '2026-10-29',
        created: unixSeconds(payment.at),
        livemode: payment.live,
        pending_webhooks: 1,
        type,
        data: { object },
      },
      payment.at,
    );
  const intent = (payment: VendorPayment, received: boolean): Record<string, unknown> => {
    const amount = toMinorUnits(payment.amount, decimalsIn(DECIMALS, payment.currency));
    return {
      id: payment.providerReference,
      object: 'payment_intent',
      amount,
      amount_received: received ? amount : 0,
      currency: payment.currency.toLowerCase(),
      metadata: payment.paymentReference === undefined ? {} : { payment_reference: payment.paymentReference },
      status: received ? 'succeeded' : 'requires_payment_method',
    };
  };
  return {
    provider: 'stripe',
    keys: () => [{ purpose: 'webhook_secret', secret }],
    send,
    paid: (payment) => event('payment_intent.succeeded', payment, intent(payment, true)),
    failed: (payment) => event('payment_intent.payment_failed', payment, intent(payment, false)),
    refund: (payment) =>
      event('charge.refunded', payment, {
        id: `ch_${payment.providerReference}`,
        object: 'charge',
        payment_intent: payment.providerReference,
        amount_refunded: toMinorUnits(payment.amount, decimalsIn(DECIMALS, payment.currency)),
        metadata: {},
      }),
    other: (payment) => event('customer.created', payment, { id: 'cus_1', object: 'customer' }),
  };
}
