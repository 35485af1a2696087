import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { VendorBank, VendorCallback, VendorKey, VendorPayment } from './vendor-bank';

export interface StandardWebhooksBank extends VendorBank {
  /** Any body, signed. */
  send(id: string, body: unknown, at?: Date): VendorCallback;
}

/** @param scheme `v1` is signed by the official library; it has no `v1a`, which is Ed25519 by node:crypto */
export function createStandardWebhooksBank(scheme: 'v1' | 'v1a' = 'v1'): StandardWebhooksBank {
  const signer = scheme === 'v1' ? hmacSigner() : ed25519Signer();
  const send = (id: string, body: unknown, at = new Date()): VendorCallback => {
    const payload = JSON.stringify(body);
    return {
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signer.sign(id, at, payload),
      },
      body: Buffer.from(payload),
    };
  };
  const event = (type: string, payment: VendorPayment, data: Record<string, unknown> = {}): VendorCallback =>
    send(
      payment.eventId ?? `msg_${payment.providerReference}_${type.replaceAll('.', '_')}`,
      {
        type,
        timestamp: (payment.at ?? new Date()).toISOString(),
        data: {
          id: payment.providerReference,
          ...(payment.paymentReference === undefined ? {} : { reference: payment.paymentReference }),
          amount: payment.amount,
          currency: payment.currency,
          account: payment.account,
          live: payment.live,
          ...data,
        },
      },
      payment.at,
    );
  return {
    provider: 'standard_webhooks',
    keys: () => [signer.key],
    send,
    paid: (payment) => event('payment.succeeded', payment),
    failed: (payment) => event('payment.failed', payment),
    refund: (payment) =>
      event('refund.succeeded', payment, {
        id: `re_${payment.providerReference}`,
        payment_id: payment.providerReference,
      }),
    other: (payment) => event('payout.created', payment),
  };
}

interface Signer {
  readonly key: VendorKey;
  sign(id: string, at: Date, payload: string): string;
}

function hmacSigner(): Signer {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const webhook = new Webhook(secret);
  return { key: { purpose: 'webhook_secret', secret }, sign: (id, at, payload) => webhook.sign(id, at, payload) };
}

function ed25519Signer(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    key: { purpose: 'webhook_public_key', secret: `whpk_${raw.toString('base64')}` },
    sign: (id, at, payload) => {
      const signed = Buffer.from(`${id}.${Math.floor(at.getTime() / 1000)}.${payload}`);
      return `v1a,${sign(null, signed, privateKey).toString('base64')}`;
    },
  };
}
