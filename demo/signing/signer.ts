/**
 * What the simulated bank says, and how each gateway would put it. The bank signs with node:crypto, so that the demo runs
 * without development dependencies; a test has the gateways' own libraries verify what it signs.
 */

/** A payment as a gateway knows it. */
export interface Payment {
  /** The gateway's own reference. */
  readonly id: string;
  /** The order's payment reference; undefined for money that nobody can place. */
  readonly reference: string | undefined;
  /** Major units, with the currency's decimals. */
  readonly amount: string;
  readonly currency: string;
  readonly account: string;
  readonly live: boolean;
}

/**
 * - `paid`: the money has arrived. `failed`: it has not. `refund`: it went back.
 * - `noise`: an event of the same payment that is no news about money.
 * - `unheard_of`: of a type that no documentation knows.
 */
export type EventKind = 'paid' | 'failed' | 'noise' | 'refund' | 'unheard_of';

export interface BankEvent {
  /** The same in every repetition. */
  readonly id: string;
  readonly kind: EventKind;
  readonly payment: Payment;
}

export interface Callback {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SignOptions {
  readonly at: Date;
  /** A forger's change: these events are sent under the signature of the others. */
  readonly altered?: readonly BankEvent[] | undefined;
  /** Without any signature. */
  readonly unsigned?: boolean | undefined;
}

/** What an operator enters for the channel. */
export interface ChannelKey {
  readonly purpose: string;
  readonly serial?: string;
  readonly secret: string;
}

export interface Signer {
  readonly provider: string;
  readonly keys: readonly ChannelKey[];
  /** One callback; Adyen's may carry several events, the others' carry the first. */
  sign(events: readonly BankEvent[], options: SignOptions): Callback;
  /** Whether the gateway takes this answer for an acknowledgement. */
  isAcknowledged(status: number, body: string): boolean;
}

export function firstOf(events: readonly BankEvent[]): BankEvent {
  const [event] = events;
  if (event === undefined) throw new Error('a callback says something');
  return event;
}

export function unixSeconds(at: Date): string {
  return String(Math.floor(at.getTime() / 1000));
}

/** Whole minor units under the gateway's own table of decimals; two for what is not in it. */
export function minorUnits(payment: Payment, decimals: Readonly<Record<string, number>>): number {
  const [whole = '0', fraction = ''] = payment.amount.split('.');
  const places = decimals[payment.currency] ?? 2;
  if (fraction.length > places) throw new Error(`${payment.amount} ${payment.currency} has too many decimals`);
  return Number(whole + fraction.padEnd(places, '0'));
}

export function is2xx(status: number): boolean {
  return status >= 200 && status < 300;
}
