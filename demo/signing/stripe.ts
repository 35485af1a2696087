import { createHmac, randomBytes } from 'node:crypto';
import { type BankEvent, type EventKind, type Signer, firstOf, is2xx, minorUnits, unixSeconds } from './signer';

/** docs.stripe.com/currencies; ISK has no decimals any more and is still given with two. */
const DECIMALS = { JPY: 0, KRW: 0, KWD: 3, BHD: 3, ISK: 2 };

/** Stripe webhooks: HMAC-SHA256 in hex over time and body. */
export function createStripeSigner(): Signer {
  const secret = `whsec_${randomBytes(24).toString('hex')}`;
  return {
    provider: 'stripe',
    keys: [{ purpose: 'webhook_secret', secret }],
    sign: (events, { at, altered, unsigned }) => {
      const signed = eventText(firstOf(events), at);
      const time = unixSeconds(at);
      const signature = createHmac('sha256', secret).update(`${time}.${signed}`).digest('hex');
      return {
        headers: {
          'content-type': 'application/json; charset=utf-8',
          ...(unsigned === true ? {} : { 'stripe-signature': `t=${time},v1=${signature}` }),
        },
        body: altered === undefined ? signed : eventText(firstOf(altered), at),
      };
    },
    isAcknowledged: is2xx,
  };
}

const TYPES: Readonly<Record<EventKind, string>> = {
  paid: 'payment_intent.succeeded',
  failed: 'payment_intent.payment_failed',
  noise: 'charge.succeeded',
  refund: 'charge.refunded',
  unheard_of: 'teapot.whistled',
};

function eventText({ id, kind, payment }: BankEvent, at: Date): string {
  const amount = minorUnits(payment, DECIMALS);
  const isCharge = kind === 'noise' || kind === 'refund';
  const common = {
    amount,
    currency: payment.currency.toLowerCase(),
    metadata: payment.reference === undefined ? {} : { payment_reference: payment.reference },
  };
  const object = isCharge
    ? { id: `ch_${payment.id}`, object: 'charge', payment_intent: payment.id, captured: true, ...common }
    : { id: payment.id, object: 'payment_intent', amount_received: kind === 'paid' ? amount : 0, ...common };
  const event = {
    id,
    object: 'event',
    account: payment.account,
    created: Number(unixSeconds(at)),
    livemode: payment.live,
    type: TYPES[kind],
    data: { object },
  };
  return JSON.stringify(event, null, 2);
}
