import type { Money } from '../core/money';

/**
 * Terminology
 * - adapter: the code for one provider (a kind of gateway or bank): verify, parse, acknowledge.
 * - channel: a configured account at a provider: an adapter plus its receiving account, mode and keys.
 * - callback: one HTTP request from a channel. Event: one message in it (Adyen sends several).
 * - verdict: what an event says, from a closed set; whatever the provider calls it.
 */
/** A provider as the API names it. The registry knows which there are, so that a new one is a file and a line there. */
export type ProviderName = string;

/** One key of a channel, opened for use. Several of a purpose may be active while a key is being rotated. */
export interface ChannelKey {
  /** Which of the adapter's purposes it serves, such as `webhook_secret` or `api_v3_key`. */
  readonly purpose: string;
  /** The serial by which a provider names the key, where it does (WeChat Pay). */
  readonly serial: string | undefined;
  readonly secret: string;
}

/** What an adapter needs to know of the channel that was called. */
export interface ChannelAccount {
  readonly receivingAccount: string;
  readonly live: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly keys: readonly ChannelKey[];
}

/** A callback as it came: header names in lower case, the body byte for byte. */
export interface RawCallback {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Money that the channel says has arrived. */
export interface PaymentSucceeded {
  readonly kind: 'payment_succeeded';
  /** The provider's own reference of the payment: with provider and receiving account, the receipt's identity. */
  readonly providerReference: string;
  /** Our payment reference, undefined where the event carries none. */
  readonly paymentReference: string | undefined;
  /** What arrived, out of the provider's own minor units. */
  readonly amount: Money;
}

/** The closed set of what an event can say once it is verified. */
export type Verdict =
  | PaymentSucceeded
  | {
      readonly kind: 'payment_failed';
      readonly providerReference: string | undefined;
      readonly paymentReference: string | undefined;
    }
  /** Understood, and nothing follows from it: a payment still pending, the same fact under another event type. */
  | { readonly kind: 'no_effect' }
  | {
      readonly kind: 'refund' | 'dispute' | 'chargeback';
      readonly providerReference: string | undefined;
      readonly paymentReference: string | undefined;
    }
  /** Verified, but its meaning is not known: stored for a person, and replayable once it is understood. */
  | { readonly kind: 'not_understood'; readonly why: string };

export interface ChannelEvent {
  /** The event's identity within its channel: a repeated event has the same key. At most 200 characters. */
  readonly key: string;
  readonly verdict: Verdict;
  /** The provider's own name of the event, for people. */
  readonly type: string;
}

/** Why a callback is refused. It goes to a counter and a log line, never into a table and never to the caller. */
export type RefusalReason =
  | 'malformed'
  | 'signature_missing'
  | 'signature_wrong'
  | 'unknown_key'
  | 'outside_time_window'
  | 'decryption_failed'
  | 'other_receiving_account'
  | 'other_mode';

export type Verification =
  | { readonly kind: 'verified'; readonly events: readonly ChannelEvent[] }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** What the provider wants to hear. */
export interface Acknowledgement {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** What a provider uses a key for. */
export interface KeyPurpose {
  /** Without an active key of this purpose the channel cannot verify anything. */
  readonly required: boolean;
  /** The provider names the key by a serial in each callback, so that a key without one would never be met. */
  readonly needsSerial?: boolean;
  /** How such a key looks and where it is found, for the operator. */
  readonly describes: string;
}

export interface ChannelAdapter {
  readonly provider: ProviderName;
  /** The purposes of keys that a channel needs, and how a key of each looks. Used by the operator API to refuse a wrong one. */
  readonly keyPurposes: Readonly<Record<string, KeyPurpose>>;
  /** A sentence on what is wrong with a key's text, undefined where it is fine. */
  checkKey(purpose: string, secret: string): string | undefined;
  /** A sentence on what is wrong with the channel's settings, undefined where they are fine. */
  checkSettings(settings: Readonly<Record<string, unknown>>): string | undefined;
  /**
   * Checks signature, time window, receiving account and mode, decrypts, and says what each event means. Pure: no I/O, no
   * clock of its own, never throws, never slower than linear in the body.
   * @param now the time to judge freshness by
   */
  verify(callback: RawCallback, channel: ChannelAccount, now: Date): Verification;
  /** The answer that tells the provider to stop repeating. */
  success(): Acknowledgement;
  /** The answer that makes the provider call again. */
  tryAgain(): Acknowledgement;
  /** The answer to a callback that was not verified. */
  refused(): Acknowledgement;
}
