import type { Currency } from '../core/currencies';
import { exponentOf } from '../core/currencies';
import type { ChannelAccount, ChannelAdapter, ChannelEvent, RawCallback, Verdict, Verification } from './channel';
import { isFresh } from './support/freshness';
import { field, type JsonObject, parseJsonObject } from './support/json';
import { equalInConstantTime, hmacSha256, keysFor } from './support/signatures';
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
 * Stripe webhooks (docs.stripe.com/webhooks/signature). `Stripe-Signature: t=<seconds>,v1=<hex>...` over `t.rawBody`; any
 * `v1` may match, because Stripe signs with the old and the new secret while one is being rolled.
 *
 * Money is `payment_intent.succeeded`, its amount `amount_received`, its identity the payment intent's id. The `charge.*`
 * and `checkout.session.*` events of the same intent tell the same again. Stripe names no account in the events of one's own
 * account, so `receivingAccount` is the operator's label for it; the events of a connected account name it in `account`.
 */
const SECRET = 'webhook_secret';

export const stripe: ChannelAdapter = {
  provider: 'stripe',
  keyPurposes: {
    [SECRET]: { required: true, describes: 'the endpoint’s signing secret, which starts with whsec_' },
  },
  checkKey: (_purpose, secret) =>
    /^whsec_[\x21-\x7e]{16,}$/.test(secret) ? undefined : 'must be a signing secret that starts with whsec_',
  checkSettings: (settings) =>
    settingsProblem(settings, {
      connect_account: /^acct_[0-9A-Za-z]{1,64}$/,
      payment_reference_key: /^[0-9A-Za-z_-]{1,40}$/,
    }),
  verify: (callback, channel, now) => {
    const signature = readSignature(callback.headers['stripe-signature']);
    if (signature === undefined) return refused('signature_missing');
    if (!isFresh(signature.time, now)) return refused('outside_time_window');
    const secrets = keysFor(channel, SECRET);
    if (secrets.length === 0) return refused('unknown_key');
    const matches = secrets.some((key) => isSigned(key.secret, signature, callback));
    return matches ? judge(callback, channel) : refused('signature_wrong');
  },
  success: () => answer(200),
  tryAgain: () => answer(503),
  refused: () => answer(401),
};

interface Signature {
  readonly time: string;
  readonly signatures: readonly string[];
}

function readSignature(header: string | undefined): Signature | undefined {
  const pairs = (header ?? '').split(',').map((pair) => pair.trim());
  const values = (name: string): string[] =>
    pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  const [time, ...furtherTimes] = values('t');
  const signatures = values('v1');
  if (time === undefined || furtherTimes.length > 0 || signatures.length === 0) return undefined;
  return { time, signatures };
}

function isSigned(secret: string, { time, signatures }: Signature, callback: RawCallback): boolean {
  const expected = hmacSha256(secret, [`${time}.`, callback.body], 'hex');
  return signatures.some((signature) => equalInConstantTime(signature, expected));
}

function judge(callback: RawCallback, channel: ChannelAccount): Verification {
  const event = parseJsonObject(callback.body);
  if (event === undefined) return refused('malformed');
  if (!isOfAccount(event, channel)) return refused('other_receiving_account');
  if (field(event, 'livemode') !== channel.live) return refused('other_mode');
  const judged: ChannelEvent = {
    key: eventKey([field(event, 'id')], callback.body),
    type: typeOf(field(event, 'type')),
    verdict: verdictOf(field(event, 'type'), field(event, 'data', 'object'), channel),
  };
  return verified(judged);
}

/** With `connect_account` set, or with an account's id as the label, an event that names an account must name this one. */
function isOfAccount(event: JsonObject, channel: ChannelAccount): boolean {
  const named = field(event, 'account') ?? undefined;
  const connected = settingOf(channel.settings, 'connect_account');
  if (connected !== undefined) return named === connected;
  return named === undefined || !channel.receivingAccount.startsWith('acct_') || named === channel.receivingAccount;
}

function verdictOf(type: unknown, object: unknown, channel: ChannelAccount): Verdict {
  if (typeof type !== 'string') return notUnderstood('the event has no type');
  const payment = field(
    object,
    'metadata',
    settingOf(channel.settings, 'payment_reference_key') ?? 'payment_reference',
  );
  const ofIntent = { provider: field(object, 'id'), payment };
  const ofCharge = { provider: field(object, 'payment_intent'), payment };
  switch (type) {
    case 'payment_intent.succeeded':
      return arrived(ofIntent, amountOf(object));
    case 'payment_intent.payment_failed':
    case 'payment_intent.canceled':
      return about('payment_failed', ofIntent);
    case 'charge.refunded':
      return about('refund', ofCharge);
    default:
  }
  if (/^(charge\.)?refund\./.test(type)) return about('refund', ofCharge);
  if (type.startsWith('charge.dispute.')) return about('dispute', ofCharge);
  if (/^(charge|payment_intent|checkout\.session)\./.test(type)) return NO_EFFECT;
  return notUnderstood('an event type that is not about a payment');
}

function amountOf(intent: unknown): ReturnType<typeof fromMinorUnits> {
  const currency = field(intent, 'currency');
  const code = typeof currency === 'string' ? currency.toUpperCase() : undefined;
  return fromMinorUnits(field(intent, 'amount_received'), code, decimalsOf);
}

/**
 * docs.stripe.com/currencies: zero-decimal currencies, three-decimal currencies (whose last digit is always 0), and the
 * special cases ISK and UGX, which have no decimals any more but are still given with two, for compatibility. HUF and TWD
 * lack decimals in payouts only. Everything else has two: where ISO 4217 disagrees and Stripe does not say, nobody knows.
 */
const ZERO_DECIMALS = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
const TWO_DECIMALS_KEPT = new Set(['ISK', 'UGX']);
const THREE_DECIMALS = new Set('BHD JOD KWD OMR TND'.split(' '));

function decimalsOf(currency: Currency): number | undefined {
  if (ZERO_DECIMALS.has(currency)) return 0;
  if (THREE_DECIMALS.has(currency)) return 3;
  return TWO_DECIMALS_KEPT.has(currency) || exponentOf(currency) === 2 ? 2 : undefined;
}
