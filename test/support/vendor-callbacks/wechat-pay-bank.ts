import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';
import {
  decimalsIn,
  toMinorUnits,
  unixSeconds,
  type VendorBank,
  type VendorCallback,
  type VendorPayment,
} from './vendor-bank';

const DECIMALS = { JPY: 0, KRW: 0 };

export interface WeChatPayBank extends VendorBank {
  readonly apiKey: string;
  /** Any notification around any content, encrypted and signed. */
  send(notification: WeChatPayNotification): VendorCallback;
}

export interface WeChatPayNotification {
  readonly id: string;
  readonly type: string;
  readonly content: unknown;
  readonly at?: Date | undefined;
  /** Changes the encrypted resource before it is signed. */
  readonly tamper?: (ciphertext: Buffer) => void;
}

export function createWeChatPayBank(
  serial = 'PUB_KEY_ID_0114232134912024112500337900000468',
  apiKey = randomBytes(16).toString('hex'),
): WeChatPayBank {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

  const send = ({ id, type, content, at, tamper }: WeChatPayNotification): VendorCallback => {
    const resourceNonce = Formatter.nonce(12);
    const encrypted = Buffer.from(
      Aes.AesGcm.encrypt(JSON.stringify(content), apiKey, resourceNonce, 'transaction'),
      'base64',
    );
    tamper?.(encrypted);
    const body = JSON.stringify({
      id,
      create_time: (at ?? new Date()).toISOString(),
      resource_type: 'encrypt-resource',
      event_type: type,
      summary: '支付成功',
      resource: {
        original_type: 'transaction',
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext: encrypted.toString('base64'),
        associated_data: 'transaction',
        nonce: resourceNonce,
      },
    });
    const timestamp = String(unixSeconds(at));
    const nonce = Formatter.nonce(32);
    return {
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'wechatpay-timestamp': timestamp,
        'wechatpay-nonce': nonce,
        'wechatpay-serial': serial,
        'wechatpay-signature': Rsa.sign(Formatter.response(timestamp, nonce, body), privateKey),
        'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
      },
      body: Buffer.from(body),
    };
  };
  const transaction = (type: string, payment: VendorPayment, more: Readonly<Record<string, unknown>>): VendorCallback =>
    send({
      id: payment.eventId ?? `${payment.providerReference}-${type}`,
      type,
      at: payment.at,
      content: {
        mchid: payment.account,
        appid: 'wxd678efh567hg6787',
        ...(payment.paymentReference === undefined ? {} : { out_trade_no: payment.paymentReference }),
        transaction_id: payment.providerReference,
        trade_type: 'JSAPI',
        bank_type: 'CMC',
        amount: {
          total: toMinorUnits(payment.amount, decimalsIn(DECIMALS, payment.currency)),
          payer_total: 1,
          currency: payment.currency,
          payer_currency: 'CNY',
        },
        ...more,
      },
    });
  return {
    provider: 'wechat_pay',
    apiKey,
    keys: () => [
      { purpose: 'platform_public_key', serial, secret: publicKey },
      { purpose: 'api_v3_key', secret: apiKey },
    ],
    send,
    paid: (payment) => transaction('TRANSACTION.SUCCESS', payment, { trade_state: 'SUCCESS' }),
    failed: (payment) => transaction('TRANSACTION.CLOSED', payment, { trade_state: 'CLOSED' }),
    refund: (payment) => transaction('REFUND.SUCCESS', payment, { refund_status: 'SUCCESS', refund_id: 'R1' }),
    other: (payment) => transaction('SOMETHING.NEW', payment, {}),
  };
}
