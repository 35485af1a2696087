import { type Currency, exponentOf } from '../core/currencies';
import type { ChannelAccount, ChannelAdapter, ChannelEvent, RefusalReason, Verdict } from './channel';
import { field, isJsonObject, type JsonObject, parseJsonObject } from './support/json';
import { equalInConstantTime, hmacSha256, keysFor } from './support/signatures';
import { eventKey, settingOf, settingsProblem, typeOf } from './support/texts';
import {
  type References,
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
 * Adyen standard notifications (docs.adyen.com/development-resources/webhooks/verify-hmac-signatures). One callback carries
 * several items, each signed for itself over eight of its fields; everything else of an item, and `live` beside the items,
 * is not signed, so nothing but those eight decides about money. No time is signed: a repeated item is known by its key.
 *
 * Money is AUTHORISATION, or CAPTURE where the channel captures by hand (setting `money_event`), with `success` "true"; its
 * amount is `amount.value` in Adyen's minor units, its identity `originalReference`, else `pspReference`.
 */
const KEY = 'hmac_key';

export const adyen: ChannelAdapter = {
  provider: 'adyen',
  keyPurposes: { [KEY]: { required: true, describes: 'the webhook’s HMAC key: 64 hexadecimal digits' } },
  checkKey: (_purpose, secret) => (/^[0-9A-Fa-f]{64}$/.test(secret) ? undefined : 'must be 64 hexadecimal digits'),
  checkSettings: (settings) => settingsProblem(settings, { money_event: /^(AUTHORISATION|CAPTURE)$/ }),
  verify: (callback, channel) => {
    const notification = parseJsonObject(callback.body);
    const items = itemsOf(notification);
    if (items === undefined) return refused('malformed');
    const keys = keysFor(channel, KEY).map((key) => Buffer.from(key.secret, 'hex'));
    if (keys.length === 0) return refused('unknown_key');
    for (const item of items) {
      const reason = refusalOf(item, keys, channel);
      if (reason !== undefined) return refused(reason);
    }
    if (field(notification, 'live') !== String(channel.live)) return refused('other_mode');
    return verified(...items.map((item) => eventOf(item, channel)));
  },
  success: () => answer(200, 'text/plain', '[accepted]'),
  tryAgain: () => answer(503, 'text/plain', '[try again]'),
  refused: () => answer(401, 'text/plain', '[refused]'),
};

function itemsOf(notification: JsonObject | undefined): readonly JsonObject[] | undefined {
  const wrapped = field(notification, 'notificationItems');
  if (!Array.isArray(wrapped) || wrapped.length === 0) return undefined;
  const items = wrapped.map((item: unknown) => field(item, 'NotificationRequestItem'));
  return items.every(isJsonObject) ? items : undefined;
}

/** One item that is not genuine, or not of this account, refuses the whole callback: somebody has put it together. */
function refusalOf(item: JsonObject, keys: readonly Buffer[], channel: ChannelAccount): RefusalReason | undefined {
  const signature = field(item, 'additionalData', 'hmacSignature');
  if (typeof signature !== 'string') return 'signature_missing';
  const signed = signedText(item);
  if (signed === undefined) return 'malformed';
  const matches = keys.some((key) => equalInConstantTime(hmacSha256(key, [signed], 'base64'), signature));
  if (!matches) return 'signature_wrong';
  return field(item, 'merchantAccountCode') === channel.receivingAccount ? undefined : 'other_receiving_account';
}

/**
 * The eight signed fields, joined by colons that Adyen does not escape. A colon inside a field would let two different items
 * have one signature, so only the merchant's reference may hold some: the fields before and behind it are then still the
 * only ones that the text can be taken apart into.
 */
function signedText(item: JsonObject): string | undefined {
  const reference = textOf(field(item, 'merchantReference'));
  const before = ['pspReference', 'originalReference', 'merchantAccountCode'].map((name) => textOf(field(item, name)));
  const behind = [
    wholeNumber(field(item, 'amount', 'value')),
    textOf(field(item, 'amount', 'currency')),
    textOf(field(item, 'eventCode')),
    textOf(field(item, 'success')),
  ];
  if (reference === undefined || [...before, ...behind].some((text) => text === undefined || text.includes(':'))) {
    return undefined;
  }
  return [...before, reference, ...behind].join(':');
}

/**
 * A text field as Adyen signs it: what is missing is signed as nothing. A field of another type is not Adyen's: it would have
 * the signature of the genuine item and another meaning. So would half a surrogate pair, which is signed as U+FFFD.
 */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' && !HALF_A_PAIR.test(value) ? value : undefined;
}

const HALF_A_PAIR = /\p{Surrogate}/u;

function wholeNumber(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

function eventOf(item: JsonObject, channel: ChannelAccount): ChannelEvent {
  const code = field(item, 'eventCode');
  const success = textOf(field(item, 'success'));
  const identity = [field(item, 'pspReference'), code, success];
  return {
    key: eventKey(identity, signedText(item) ?? ''),
    type: typeOf(code),
    verdict: verdictOf(item, code, success, settingOf(channel.settings, 'money_event') ?? 'AUTHORISATION'),
  };
}

const REFUNDS =
  /^(REFUND|REFUND_FAILED|REFUNDED_REVERSED|REFUND_WITH_DATA|CANCEL_OR_REFUND|POSTPONED_REFUND|VOID_PENDING_REFUND)$/;
const CHARGEBACKS = /^(CHARGEBACK|CHARGEBACK_REVERSED|SECOND_CHARGEBACK)$/;
const DISPUTES =
  /^(NOTIFICATION_OF_CHARGEBACK|NOTIFICATION_OF_FRAUD|REQUEST_FOR_INFORMATION|PREARBITRATION_(WON|LOST)|ISSUER_RESPONSE_TIMEFRAME_EXPIRED)$/;
const TAKEN_BACK = /^(CANCELLATION|TECHNICAL_CANCEL|EXPIRE)$/;
const WITHOUT_EFFECT =
  /^(PENDING|REPORT_AVAILABLE|OFFER_CLOSED|ORDER_OPENED|ORDER_CLOSED|RECURRING_CONTRACT|MANUAL_REVIEW_(ACCEPT|REJECT))$/;

function verdictOf(item: JsonObject, code: unknown, success: string | undefined, moneyEvent: string): Verdict {
  if (typeof code !== 'string') return notUnderstood('the item has no event code');
  if (success !== 'true' && success !== 'false') return notUnderstood('"success" is neither "true" nor "false"');
  const original = field(item, 'originalReference');
  const references = {
    provider: original === undefined || original === null || original === '' ? field(item, 'pspReference') : original,
    payment: field(item, 'merchantReference'),
  };
  if (REFUNDS.test(code)) return about('refund', references);
  if (CHARGEBACKS.test(code)) return about('chargeback', references);
  if (DISPUTES.test(code)) return about('dispute', references);
  if (code === 'CAPTURE_FAILED') return about('payment_failed', references);
  if (TAKEN_BACK.test(code)) return success === 'true' ? about('payment_failed', references) : NO_EFFECT;
  if (code === 'AUTHORISATION' || code === 'CAPTURE') {
    if (success === 'false') return about('payment_failed', references);
    if (code !== moneyEvent) return NO_EFFECT;
    return arrived(code === 'CAPTURE' ? captureOf(item, references) : references, amountOf(item));
  }
  return WITHOUT_EFFECT.test(code) ? NO_EFFECT : notUnderstood('an event code whose meaning is not known');
}

/**
 * A payment may be captured in parts, and each capture is money of its own with a `pspReference` of its own; the original
 * reference is that of the authorisation, which they share.
 */
function captureOf(item: JsonObject, references: References): References {
  return { ...references, provider: field(item, 'pspReference') };
}

function amountOf(item: JsonObject): ReturnType<typeof fromMinorUnits> {
  return fromMinorUnits(field(item, 'amount', 'value'), field(item, 'amount', 'currency'), decimalsOf);
}

/**
 * docs.adyen.com/development-resources/currency-codes: as ISO 4217, but for the four that the page marks as different.
 */
const DIFFERENT_FROM_ISO: ReadonlyMap<string, number> = new Map([
  ['CLP', 2],
  ['CVE', 0],
  ['IDR', 0],
  ['ISK', 2],
]);

function decimalsOf(currency: Currency): number {
  return DIFFERENT_FROM_ISO.get(currency) ?? exponentOf(currency);
}
