/**
 * Simulated banks whose callbacks are genuine: each is signed (and encrypted) by the vendor's own library, so that our code is
 * never checked against itself. Nothing here knows jest: the demo's bank sends the same callbacks.
 */
export interface VendorKey {
  readonly purpose: string;
  readonly serial?: string;
  readonly secret: string;
}

export interface VendorPayment {
  readonly providerReference: string;
  readonly paymentReference?: string;
  /** A decimal string in major units. */
  readonly amount: string;
  readonly currency: string;
  /** The receiving account as the vendor names it. */
  readonly account: string;
  readonly live: boolean;
  /** The event's own id; made from the payment's reference where it is left out. */
  readonly eventId?: string;
  /** When it is signed; now where it is left out. */
  readonly at?: Date;
}

export interface VendorCallback {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface VendorBank {
  readonly provider: string;
  /** What an operator enters for the channel. */
  keys(): readonly VendorKey[];
  paid(payment: VendorPayment): VendorCallback;
  failed(payment: VendorPayment): VendorCallback;
  refund(payment: VendorPayment): VendorCallback;
  /** Genuine, and of a type that nobody has heard of. */
  other(payment: VendorPayment): VendorCallback;
}

/** @param decimals what the vendor's documentation says of the currency */
export function toMinorUnits(amount: string, decimals: number): number {
  const [whole = '0', fraction = ''] = amount.split('.');
  if (fraction.length > decimals) throw new Error(`${amount} has more than ${decimals} decimals`);
  return Number(whole + fraction.padEnd(decimals, '0'));
}

/** The decimals of a currency at a vendor: a table of its own per vendor, and two for everything that is not in it. */
export function decimalsIn(table: Readonly<Record<string, number>>, currency: string): number {
  return table[currency] ?? 2;
}

export function unixSeconds(at: Date | undefined): number {
  return Math.floor((at ?? new Date()).getTime() / 1000);
}
