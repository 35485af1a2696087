import { createPublicKey } from 'node:crypto';
import type { ChannelAccount, ChannelAdapter, RawCallback, Verdict, Verification } from './channel';
import { isFresh } from './support/freshness';
import { field, type JsonObject, parseJsonObject } from './support/json';
import { decodeBase64, equalInConstantTime, hmacSha256, isSignedBy, keysFor } from './support/signatures';
import { eventKey, settingsProblem, typeOf } from './support/texts';
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
 * Standard Webhooks (the specification of standardwebhooks.com): any gateway or bank that follows it. Signed is
 * `id.timestamp.rawBody`; `webhook-signature` lists `v1,<HMAC-SHA256>` and `v1a,<Ed25519>`, separated by spaces.
 *
 * The body is `{type, timestamp, data}`. Money is `payment.succeeded`; its identity is `data.id`, its amount `data.amount`, a
 * decimal string in major units of `data.currency`; our reference is `data.reference`. `data.account` must be the channel's
 * receiving account in every event about a payment: one that does not say where the money went is refused. `data.live` is
 * compared where it is given.
 */
const SECRET = 'webhook_secret';
const PUBLIC_KEY = 'webhook_public_key';
/** So many signatures are looked at: a sender has two while a key is rotated, and Ed25519 costs us more than a forger. */
const MOST_SIGNATURES = 16;

export const standardWebhooks: ChannelAdapter = {
  provider: 'standard_webhooks',
  keyPurposes: {
    [SECRET]: { required: false, describes: 'the shared secret: whsec_ and the base64 of 24 to 64 bytes' },
    [PUBLIC_KEY]: { required: false, describes: 'the sender’s Ed25519 public key: whpk_ and the base64 of 32 bytes' },
  },
  checkKey: (purpose, secret) => {
    if (purpose === PUBLIC_KEY) {
      return publicKeyOf(secret) === undefined ? 'must be whpk_ and the base64 of 32 bytes' : undefined;
    }
    const length = secretOf(secret)?.length ?? 0;
    return length < 24 || length > 64 ? 'must be whsec_ and the base64 of 24 to 64 bytes' : undefined;
  },
  checkSettings: (settings) => settingsProblem(settings, {}),
  verify: (callback, channel, now) => {
    const message = readMessage(callback);
    if (message === undefined) return refused('signature_missing');
    if (!isFresh(message.time, now)) return refused('outside_time_window');
    if (keysFor(channel, SECRET).length + keysFor(channel, PUBLIC_KEY).length === 0) return refused('unknown_key');
    return isGenuine(message, callback, channel) ? judge(message, callback, channel) : refused('signature_wrong');
  },
  success: () => answer(204),
  tryAgain: () => answer(503),
  refused: () => answer(401),
};

interface Message {
  readonly id: string;
  readonly time: string;
  readonly hmacs: readonly string[];
  readonly ed25519s: readonly string[];
}

/** An id with a dot would let one signed text be read as another id, time and body: the specification forbids it as well. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,255}$/;

function readMessage({ headers }: RawCallback): Message | undefined {
  const id = headers['webhook-id'];
  const time = headers['webhook-timestamp'];
  const list = headers['webhook-signature']?.split(' ').slice(0, MOST_SIGNATURES);
  if (id === undefined || !ID.test(id) || time === undefined || list === undefined) return undefined;
  const ofVersion = (version: string): string[] =>
    list.filter((one) => one.startsWith(`${version},`)).map((one) => one.slice(version.length + 1));
  const message = { id, time, hmacs: ofVersion('v1'), ed25519s: ofVersion('v1a') };
  return message.hmacs.length + message.ed25519s.length === 0 ? undefined : message;
}

function isGenuine(message: Message, callback: RawCallback, channel: ChannelAccount): boolean {
  const head = `${message.id}.${message.time}.`;
  const byHmac = keysFor(channel, SECRET).some((key) => {
    const secret = secretOf(key.secret);
    if (secret === undefined || message.hmacs.length === 0) return false;
    const expected = hmacSha256(secret, [head, callback.body], 'base64');
    return message.hmacs.some((signature) => equalInConstantTime(signature, expected));
  });
  if (byHmac || message.ed25519s.length === 0) return byHmac;
  const signed = Buffer.concat([Buffer.from(head), callback.body]);
  return keysFor(channel, PUBLIC_KEY).some((key) => {
    const publicKey = publicKeyOf(key.secret);
    if (publicKey === undefined) return false;
    return message.ed25519s.some((text) => {
      const signature = decodeBase64(text);
      return signature !== undefined && isSignedBy(publicKey, signed, signature);
    });
  });
}

/** The bytes of a secret, whose prefix is optional, as in the official library. */
function secretOf(text: string): Buffer | undefined {
  return decodeBase64(text.startsWith('whsec_') ? text.slice(6) : text);
}

function publicKeyOf(text: string): ReturnType<typeof createPublicKey> | undefined {
  const bytes = text.startsWith('whpk_') ? decodeBase64(text.slice(5)) : undefined;
  if (bytes?.length !== 32) return undefined;
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' });
}

function judge(message: Message, callback: RawCallback, channel: ChannelAccount): Verification {
  const body = parseJsonObject(callback.body);
  if (body === undefined) return refused('malformed');
  const type = field(body, 'type');
  const account = field(body, 'data', 'account');
  const isOfPayment = typeof type === 'string' && /^(payment|refund|dispute|chargeback)\./.test(type);
  if (account === undefined ? isOfPayment : account !== channel.receivingAccount) {
    return refused('other_receiving_account');
  }
  const live = field(body, 'data', 'live');
  if (live !== undefined && live !== channel.live) return refused('other_mode');
  return verified({ key: eventKey([message.id], callback.body), type: typeOf(type), verdict: verdictOf(type, body) });
}

function verdictOf(type: unknown, body: JsonObject): Verdict {
  if (typeof type !== 'string') return notUnderstood('the event has no type');
  const references = { provider: field(body, 'data', 'id'), payment: field(body, 'data', 'reference') };
  switch (type) {
    case 'payment.succeeded':
      return arrived(references, fromMajorUnits(field(body, 'data', 'amount'), field(body, 'data', 'currency')));
    case 'payment.failed':
    case 'payment.canceled':
      return about('payment_failed', references);
    case 'payment.created':
    case 'payment.pending':
    case 'payment.processing':
      return NO_EFFECT;
    case 'payment.refunded':
      return about('refund', references);
    case 'payment.disputed':
      return about('dispute', references);
    default:
  }
  // What follows a payment has an id of its own and names the payment that it is about.
  const following = { provider: field(body, 'data', 'payment_id') ?? references.provider, payment: references.payment };
  if (type.startsWith('refund.')) return about('refund', following);
  if (type.startsWith('dispute.')) return about('dispute', following);
  if (type.startsWith('chargeback.')) return about('chargeback', following);
  return notUnderstood('an event type whose meaning is not known');
}
