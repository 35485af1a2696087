import type { ChannelAccount, ChannelAdapter, Verdict } from './channel';
import { parseForm } from './support/form';
import { decodeBase64, isSignedBy, keysFor, rsaKeyOf, rsaKeyProblem } from './support/signatures';
import { eventKey, settingOf, settingsProblem, typeOf } from './support/texts';
import {
  about,
  answer,
  arrived,
  fromMajorUnits,
  NO_EFFECT,
  notUnderstood,
  refused,
  verified,
} from './support/verdicts';

/**
 * Alipay asynchronous notifications (opendocs.alipay.com: the notification’s parameters and its verification). The form's
 * parameters but `sign` and `sign_type`, URL-decoded once, sorted by name and joined as `k=v` with `&`, are signed with
 * SHA256withRSA (RSA2). As in the official SDKs for Java and Node, an empty value is signed as `k=`.
 *
 * The signature is over the bytes in the character set that `charset` names (UTF-8, GBK...). The form is therefore kept as
 * bytes and never converted: what is read of it is ASCII, which is the same in every one of these sets.
 *
 * Nothing is escaped in what is signed, so that one signature fits several forms: a refund whose `refund_fee` has melted into
 * the parameter before it would be a payment. A form is refused where what we read of it could stand in two places.
 *
 * Money is `trade_status` TRADE_SUCCESS or TRADE_FINISHED (both come for one trade) unless the notification is about a refund;
 * its amount is `total_amount` in major units, of CNY unless `trans_currency` says otherwise; its identity is `trade_no`.
 * Alipay says neither when a notification was sent nor whether it is a test (the sandbox has an app and keys of its own); a
 * repeated one has the same `notify_id`.
 */
const KEY = 'alipay_public_key';

export const alipay: ChannelAdapter = {
  provider: 'alipay',
  keyPurposes: {
    [KEY]: {
      required: true,
      describes: 'Alipay’s RSA2 public key, in PEM or as the bare base64 that its console shows',
    },
  },
  checkKey: (_purpose, secret) => rsaKeyProblem(secret),
  checkSettings: (settings) => settingsProblem(settings, { seller_id: /^\d{1,28}$/ }),
  verify: (callback, channel) => {
    const form = parseForm(callback.body);
    if (form === undefined) return refused('malformed');
    const sign = form.get('sign') ?? '';
    if (sign === '') return refused('signature_missing');
    const signature = decodeBase64(sign);
    // SHA-1 (`RSA`) is not accepted; a missing sign_type means the channel's own, which is RSA2.
    if (signature === undefined || (form.get('sign_type') ?? 'RSA2') !== 'RSA2') return refused('signature_wrong');
    const keys = keysFor(channel, KEY);
    if (keys.length === 0) return refused('unknown_key');
    const signed = signedBytes(form);
    if (hasAnotherReading(form, signed)) return refused('malformed');
    const matches = keys.some((key) => {
      const publicKey = rsaKeyOf(key);
      return publicKey !== undefined && isSignedBy(publicKey, signed, signature);
    });
    if (!matches) return refused('signature_wrong');
    if (!isOfAccount(form, channel)) return refused('other_receiving_account');
    const type = typeName(form);
    return verified({
      key: eventKey([read(form, 'notify_id'), type], signed),
      type: typeOf(type),
      verdict: verdictOf(form),
    });
  },
  success: () => answer(200, 'text/plain', 'success'),
  tryAgain: () => answer(503, 'text/plain', 'fail'),
  refused: () => answer(401, 'text/plain', 'fail'),
};

type Form = ReadonlyMap<string, string>;

/** Every parameter that verification or the verdict rest on; nothing else of a form is read. */
const READ = [
  'app_id',
  'gmt_refund',
  'notify_id',
  'notify_type',
  'out_biz_no',
  'out_trade_no',
  'refund_fee',
  'seller_id',
  'total_amount',
  'trade_no',
  'trade_status',
  'trans_currency',
] as const;
type Read = (typeof READ)[number];

function read(form: Form, name: Read): string {
  return form.get(name) ?? '';
}

function signedBytes(form: Form): Buffer {
  const pairs = [...form].filter(([name]) => name !== 'sign' && name !== 'sign_type');
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(pairs.map(([name, value]) => `${name}=${value}`).join('&'), 'latin1');
}

/** Whether a parameter that we read may stand elsewhere in the signed text than where the form has it, or end earlier. */
function hasAnotherReading(form: Form, signed: Buffer): boolean {
  const text = `&${signed.toString('latin1')}`;
  return READ.some(
    (name) => text.split(`&${name}=`).length - 1 !== (form.has(name) ? 1 : 0) || read(form, name).includes('&'),
  );
}

/** The value if it is not empty and plain ASCII; other bytes would mean something else in each character set. */
function ascii(form: Form, name: Read): string | undefined {
  const value = read(form, name);
  return /^[\x20-\x7e]+$/.test(value) ? value : undefined;
}

function isOfAccount(form: Form, channel: ChannelAccount): boolean {
  const seller = settingOf(channel.settings, 'seller_id');
  return (
    read(form, 'app_id') === channel.receivingAccount && (seller === undefined || read(form, 'seller_id') === seller)
  );
}

/** A refund repeats the trade's status, so that only its own fields tell it from the payment. */
function isRefund(form: Form): boolean {
  return read(form, 'gmt_refund') !== '' || !/^0*(\.0*)?$/.test(read(form, 'refund_fee'));
}

function typeName(form: Form): string {
  const status = ascii(form, 'trade_status') ?? ascii(form, 'notify_type') ?? 'unnamed';
  return isRefund(form) ? `${status} (refund ${ascii(form, 'out_biz_no') ?? 'without a number'})` : status;
}

function verdictOf(form: Form): Verdict {
  const references = { provider: ascii(form, 'trade_no'), payment: read(form, 'out_trade_no') };
  if (isRefund(form)) return about('refund', references);
  switch (read(form, 'trade_status')) {
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return arrived(references, fromMajorUnits(read(form, 'total_amount'), ascii(form, 'trans_currency') ?? 'CNY'));
    case 'TRADE_CLOSED':
      return about('payment_failed', references);
    case 'WAIT_BUYER_PAY':
      return NO_EFFECT;
    default:
      return notUnderstood('a trade status whose meaning is not known');
  }
}
