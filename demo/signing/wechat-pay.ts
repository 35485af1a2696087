import { createCipheriv, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type BankEvent, type EventKind, type Signer, firstOf, is2xx, minorUnits, unixSeconds } from './signer';

const DECIMALS = { JPY: 0, KRW: 0 };

/** WeChat Pay v3: the content is encrypted by AES-256-GCM, the body signed with SHA256withRSA over time and nonce. */
export function createWeChatPaySigner(serial = `PUB_KEY_ID_${randomBytes(16).toString('hex')}`): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const apiKey = randomBytes(16).toString('hex');
  return {
    provider: 'wechat_pay',
    keys: [
      { purpose: 'platform_public_key', serial, secret: publicKey },
      { purpose: 'api_v3_key', secret: apiKey },
    ],
    sign: (events, { at, altered, unsigned }) => {
      const signed = notificationOf(firstOf(events), at, apiKey);
      const body = altered === undefined ? signed : notificationOf(firstOf(altered), at, apiKey);
      const time = unixSeconds(at);
      const nonce = randomBytes(16).toString('hex');
      const signature = createSign('RSA-SHA256').update(`${time}\n${nonce}\n${signed}\n`).sign(privateKey, 'base64');
      return {
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'wechatpay-timestamp': time,
          'wechatpay-nonce': nonce,
          'wechatpay-serial': serial,
          'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
          ...(unsigned === true ? {} : { 'wechatpay-signature': signature }),
        },
        body,
      };
    },
    isAcknowledged: is2xx,
  };
}

const TYPES: Readonly<Record<EventKind, readonly [type: string, state: string]>> = {
  paid: ['TRANSACTION.SUCCESS', 'SUCCESS'],
  failed: ['TRANSACTION.CLOSED', 'CLOSED'],
  noise: ['TRANSACTION.PENDING', 'USERPAYING'],
  refund: ['REFUND.SUCCESS', 'REFUND'],
  unheard_of: ['MOONCAKE.SHARED', 'SHARED'],
};

function notificationOf({ id, kind, payment }: BankEvent, at: Date, apiKey: string): string {
  const [eventType, state] = TYPES[kind];
  const content = {
    mchid: payment.account,
    appid: 'wxd678efh567hg6787',
    ...(payment.reference === undefined ? {} : { out_trade_no: payment.reference }),
    transaction_id: payment.id,
    trade_type: 'JSAPI',
    trade_state: state,
    success_time: at.toISOString(),
    amount: { total: minorUnits(payment, DECIMALS), currency: payment.currency },
  };
  return JSON.stringify({
    id,
    create_time: at.toISOString(),
    resource_type: 'encrypt-resource',
    event_type: eventType,
    summary: '支付成功',
    resource: encrypt(JSON.stringify(content), apiKey),
  });
}

function encrypt(text: string, apiKey: string): Readonly<Record<string, string>> {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', apiKey, nonce).setAAD(Buffer.from('transaction'));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: ciphertext.toString('base64'),
    associated_data: 'transaction',
    original_type: 'transaction',
    nonce,
  };
}
