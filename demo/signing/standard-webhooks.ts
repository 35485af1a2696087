import { createHmac, randomBytes } from 'node:crypto';
import { type BankEvent, type EventKind, type Signer, firstOf, is2xx, unixSeconds } from './signer';

/** Standard Webhooks: HMAC-SHA256 in base64 over id, time and body. */
export function createStandardWebhooksSigner(): Signer {
  const secret = randomBytes(32);
  return {
    provider: 'standard_webhooks',
    keys: [{ purpose: 'webhook_secret', secret: `whsec_${secret.toString('base64')}` }],
    sign: (events, { at, altered, unsigned }) => {
      const signed = eventText(firstOf(events), at);
      const id = firstOf(events).id;
      const time = unixSeconds(at);
      const signature = createHmac('sha256', secret).update(`${id}.${time}.${signed}`).digest('base64');
      return {
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': time,
          ...(unsigned === true ? {} : { 'webhook-signature': `v1,${signature}` }),
        },
        body: altered === undefined ? signed : eventText(firstOf(altered), at),
      };
    },
    isAcknowledged: is2xx,
  };
}

const TYPES: Readonly<Record<EventKind, string>> = {
  paid: 'payment.succeeded',
  failed: 'payment.failed',
  noise: 'payment.processing',
  refund: 'refund.succeeded',
  unheard_of: 'vault.hummed',
};

function eventText({ id, kind, payment }: BankEvent, at: Date): string {
  return JSON.stringify({
    type: TYPES[kind],
    timestamp: at.toISOString(),
    data: {
      id: kind === 'refund' ? id : payment.id,
      ...(kind === 'refund' ? { payment_id: payment.id } : {}),
      ...(payment.reference === undefined ? {} : { reference: payment.reference }),
      amount: payment.amount,
      currency: payment.currency,
      account: payment.account,
      live: payment.live,
    },
  });
}
