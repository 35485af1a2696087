import { createSign, generateKeyPairSync } from 'node:crypto';
import { AlipaySdk } from './alipay-sdk';
import type { VendorBank, VendorCallback, VendorPayment } from './vendor-bank';

export interface AlipayBank extends VendorBank {
  /** Any notification, signed in UTF-8 and found genuine by the official SDK. */
  send(parameters: Readonly<Record<string, string>>): VendorCallback;
  /** Any notification whose names and values are bytes in a character set of their own; the SDK checks UTF-8 only. */
  sendBytes(parameters: Readonly<Record<string, Buffer>>): VendorCallback;
}

export function createAlipayBank(): AlipayBank {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const alipayPublicKey = publicKey.toString('base64');
  const sdk = new AlipaySdk({ appId: 'any', privateKey, keyType: 'PKCS8', alipayPublicKey });

  const sendBytes = (parameters: Readonly<Record<string, Buffer>>): VendorCallback => {
    const names = Object.keys(parameters).sort();
    const content = Buffer.concat(
      names.flatMap((name, at) => [Buffer.from(`${at === 0 ? '' : '&'}${name}=`), parameters[name] ?? Buffer.alloc(0)]),
    );
    const sign = createSign('RSA-SHA256').update(content).sign(privateKey, 'base64');
    const all = { ...parameters, sign: Buffer.from(sign), sign_type: Buffer.from('RSA2') };
    const body = Object.entries(all).map(([name, value]) => `${name}=${urlEncode(value)}`);
    return {
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: Buffer.from(body.join('&')),
    };
  };
  const send = (parameters: Readonly<Record<string, string>>): VendorCallback => {
    const callback = sendBytes(
      Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, Buffer.from(value)])),
    );
    const received = Object.fromEntries(new URLSearchParams(callback.body.toString()));
    if (!sdk.checkNotifySignV2(received))
      throw new Error('the official SDK does not take this notification for genuine');
    return callback;
  };
  const notification = (
    status: string,
    payment: VendorPayment,
    more: Readonly<Record<string, string>> = {},
  ): VendorCallback =>
    send({
      app_id: payment.account,
      auth_app_id: payment.account,
      body: '订单 a+b & 50% = “fine”',
      buyer_id: '2088102116773037',
      charset: 'utf-8',
      gmt_create: '2026-11-20 10:00:00',
      notify_id: payment.eventId ?? `${payment.providerReference}${status}${Object.keys(more).join('')}`,
      notify_time: alipayTime(payment.at ?? new Date()),
      notify_type: 'trade_status_sync',
      ...(payment.paymentReference === undefined ? {} : { out_trade_no: payment.paymentReference }),
      seller_id: '2088101106499364',
      subject: '测试',
      total_amount: payment.amount,
      trade_no: payment.providerReference,
      trade_status: status,
      version: '1.0',
      ...(payment.currency === 'CNY' ? {} : { trans_currency: payment.currency }),
      ...more,
    });
  return {
    provider: 'alipay',
    keys: () => [{ purpose: 'alipay_public_key', secret: alipayPublicKey }],
    send,
    sendBytes,
    paid: (payment) => notification('TRADE_SUCCESS', payment),
    failed: (payment) => notification('TRADE_CLOSED', payment),
    refund: (payment) =>
      notification('TRADE_SUCCESS', payment, {
        gmt_refund: '2026-11-20 11:00:00.000',
        out_biz_no: 'R1',
        refund_fee: payment.amount,
      }),
    other: (payment) => notification('TRADE_SOMETHING_NEW', payment),
  };
}

/** As Java's URLEncoder does it. */
function urlEncode(bytes: Buffer): string {
  return [...bytes]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[0-9A-Za-z._*-]/.test(character)) return character;
      return character === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function alipayTime(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}
