import { exponentOf } from '../core/currencies';
import type { ChannelAccount, ChannelAdapter, ChannelKey, RawCallback, Verdict, Verification } from './channel';
import { decryptAes256Gcm } from './support/decryption';
import { isFresh } from './support/freshness';
import { field, type JsonObject, parseJsonObject } from './support/json';
import { decodeBase64, isSignedBy, keysFor, rsaKeyOf, rsaKeyProblem } from './support/signatures';
import { eventKey, settingOf, settingsProblem, typeOf } from './support/texts';
import {
  about,
  answer,
  arrived,
  fromMinorUnits,
  NO_EFFECT,
  notUnderstood,
  refused,
  verified,
} from './support/verdicts';

/**
 * WeChat Pay v3 notifications (pay.weixin.qq.com: verifying signatures, decrypting callbacks). Signed is
 * `timestamp\nnonce\nrawBody\n` with SHA256withRSA, by the platform key that `Wechatpay-Serial` names; then `resource` is
 * decrypted by AES-256-GCM with the merchant's APIv3 key.
 *
 * Money is TRANSACTION.SUCCESS with `trade_state` SUCCESS; its amount is `amount.total` in minor units (what the order was
 * for; `payer_total` is after WeChat's own coupons), its identity `transaction_id`. WeChat Pay has no test mode to compare.
 */
const PLATFORM_KEY = 'platform_public_key';
const API_KEY = 'api_v3_key';

export const wechatPay: ChannelAdapter = {
  provider: 'wechat_pay',
  keyPurposes: {
    [PLATFORM_KEY]: {
      required: true,
      needsSerial: true,
      describes: 'WeChat Pay’s public key (serial PUB_KEY_ID_...) or platform certificate (its serial number), in PEM',
    },
    [API_KEY]: { required: true, describes: 'the merchant’s APIv3 key: 32 characters' },
  },
  checkKey: (purpose, secret) => {
    if (purpose === PLATFORM_KEY) return rsaKeyProblem(secret);
    return /^[\x21-\x7e]{32}$/.test(secret) ? undefined : 'must have 32 characters';
  },
  checkSettings: (settings) => settingsProblem(settings, { appid: /^wx[0-9A-Za-z]{1,30}$/ }),
  verify: (callback, channel, now) => {
    const { headers } = callback;
    const time = headers['wechatpay-timestamp'];
    const nonce = headers['wechatpay-nonce'];
    const serial = headers['wechatpay-serial'];
    const text = headers['wechatpay-signature'];
    if (time === undefined || nonce === undefined || serial === undefined || text === undefined) {
      return refused('signature_missing');
    }
    if (!isFresh(time, now)) return refused('outside_time_window');
    const keys = keysFor(channel, PLATFORM_KEY).filter((key) => key.serial?.toUpperCase() === serial.toUpperCase());
    if (keys.length === 0) return refused('unknown_key');
    const signed = Buffer.concat([Buffer.from(`${time}\n${nonce}\n`), callback.body, Buffer.from('\n')]);
    return isGenuine(text, signed, keys) ? open(callback, channel) : refused('signature_wrong');
  },
  success: () => answer(204),
  tryAgain: () => answer(503, 'application/json', JSON.stringify({ code: 'FAIL', message: 'try again' })),
  refused: () => answer(401, 'application/json', JSON.stringify({ code: 'FAIL', message: 'not verified' })),
};

/**
 * WeChat Pay now and then sends a signature that begins with `WECHATPAY/SIGNTEST/`, to see whether it is checked. It is no
 * canonical base64 of a signature, but it is named here so that a more lenient decoder never lets it through.
 */
function isGenuine(text: string, signed: Buffer, keys: readonly ChannelKey[]): boolean {
  if (text.startsWith('WECHATPAY/SIGNTEST/')) return false;
  const signature = decodeBase64(text);
  if (signature === undefined) return false;
  return keys.some((key) => {
    const publicKey = rsaKeyOf(key);
    return publicKey !== undefined && isSignedBy(publicKey, signed, signature);
  });
}

function open(callback: RawCallback, channel: ChannelAccount): Verification {
  const notification = parseJsonObject(callback.body);
  if (notification === undefined) return refused('malformed');
  const content = decrypt(notification, channel);
  if (content === undefined) return refused('decryption_failed');
  const type = field(notification, 'event_type');
  const known = typeof type === 'string' && /^(TRANSACTION|REFUND)\./.test(type);
  if (!isOfAccount(content, channel, known)) return refused('other_receiving_account');
  return verified({
    key: eventKey([field(notification, 'id')], callback.body),
    type: typeOf(type),
    verdict: verdictOf(type, content),
  });
}

function decrypt(notification: JsonObject, channel: ChannelAccount): JsonObject | undefined {
  const resource = field(notification, 'resource');
  const ciphertext = field(resource, 'ciphertext');
  const nonce = field(resource, 'nonce');
  const associatedData = field(resource, 'associated_data') ?? '';
  if (field(resource, 'algorithm') !== 'AEAD_AES_256_GCM') return undefined;
  if (typeof ciphertext !== 'string' || typeof nonce !== 'string' || typeof associatedData !== 'string')
    return undefined;
  for (const key of keysFor(channel, API_KEY)) {
    const plain = decryptAes256Gcm(key.secret, { ciphertext, nonce, associatedData });
    if (plain !== undefined) return parseJsonObject(plain);
  }
  return undefined;
}

/** What is about a payment must name the merchant whose money it is; other notifications are compared where they do. */
function isOfAccount(content: JsonObject, channel: ChannelAccount, mustName: boolean): boolean {
  const merchant = field(content, 'mchid');
  const app = field(content, 'appid');
  const expectedApp = settingOf(channel.settings, 'appid');
  if (app !== undefined && expectedApp !== undefined && app !== expectedApp) return false;
  return merchant === undefined ? !mustName : merchant === channel.receivingAccount;
}

function verdictOf(type: unknown, content: JsonObject): Verdict {
  const references = { provider: field(content, 'transaction_id'), payment: field(content, 'out_trade_no') };
  if (typeof type !== 'string') return notUnderstood('the notification has no event type');
  if (type.startsWith('REFUND.')) return about('refund', references);
  if (!type.startsWith('TRANSACTION.')) return notUnderstood('an event type whose meaning is not known');
  switch (field(content, 'trade_state')) {
    case 'SUCCESS':
      return type === 'TRANSACTION.SUCCESS'
        ? arrived(references, amountOf(content))
        : notUnderstood('the event type and the trade state contradict each other');
    case 'CLOSED':
    case 'REVOKED':
    case 'PAYERROR':
      return about('payment_failed', references);
    case 'NOTPAY':
    case 'USERPAYING':
    case 'ACCEPT':
      return NO_EFFECT;
    case 'REFUND':
      return about('refund', references);
    default:
      return notUnderstood('a trade state whose meaning is not known');
  }
}

/** Minor units are those of ISO 4217; mainland merchants have CNY only, and the currency may be left out. */
function amountOf(content: JsonObject): ReturnType<typeof fromMinorUnits> {
  return fromMinorUnits(field(content, 'amount', 'total'), field(content, 'amount', 'currency') ?? 'CNY', exponentOf);
}
