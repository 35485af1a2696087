import { createSign, generateKeyPairSync } from 'node:crypto';
import { type BankEvent, type EventKind, type Signer, firstOf } from './signer';

/** Alipay asynchronous notifications: a form whose sorted parameters are signed with SHA256withRSA. */
export function createAlipaySigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    provider: 'alipay',
    keys: [{ purpose: 'alipay_public_key', secret: publicKey.toString('base64') }],
    sign: (events, { at, altered, unsigned }) => {
      const signed = parametersOf(firstOf(events), at);
      const content = Object.keys(signed)
        .sort()
        .map((name) => `${name}=${signed[name] ?? ''}`)
        .join('&');
      const form = new URLSearchParams(altered === undefined ? signed : parametersOf(firstOf(altered), at));
      if (unsigned !== true) {
        form.set('sign', createSign('RSA-SHA256').update(content).sign(privateKey, 'base64'));
        form.set('sign_type', 'RSA2');
      }
      return {
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: form.toString(),
      };
    },
    isAcknowledged: (_status, body) => body === 'success',
  };
}

const STATUS: Readonly<Record<EventKind, string>> = {
  paid: 'TRADE_SUCCESS',
  failed: 'TRADE_CLOSED',
  noise: 'WAIT_BUYER_PAY',
  refund: 'TRADE_SUCCESS',
  unheard_of: 'TRADE_DREAMT_OF',
};

function parametersOf({ id, kind, payment }: BankEvent, at: Date): Record<string, string> {
  const time = at.toISOString().slice(0, 19).replace('T', ' ');
  return {
    app_id: payment.account,
    auth_app_id: payment.account,
    charset: 'utf-8',
    gmt_create: time,
    notify_id: id,
    notify_time: time,
    notify_type: 'trade_status_sync',
    seller_id: '2088101106499364',
    subject: '乌龙茶 & 50% “happiness”',
    total_amount: payment.amount,
    trade_no: payment.id,
    trade_status: STATUS[kind],
    version: '1.0',
    ...(payment.reference === undefined ? {} : { out_trade_no: payment.reference }),
    ...(payment.currency === 'CNY' ? {} : { trans_currency: payment.currency }),
    ...(kind === 'refund' ? { gmt_refund: `${time}.000`, out_biz_no: id, refund_fee: payment.amount } : {}),
  };
}
