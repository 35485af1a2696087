import { z } from 'zod';

/**
 * The message by which the orders database tells the books of a business event: written into the outbox in the commit
 * that makes the event true, posted as one voucher. It is the accounting side's own contract: whoever writes the message
 * says what happened, and the chart says what that means in debits and credits.
 */
export const VOUCHER_TOPIC = 'voucher';
export const VOUCHER_MESSAGE_VERSION = 1;

const amount = z.string().regex(/^\d{1,20}(\.\d{1,4})?$/, 'is a decimal amount in major units');
const currency = z.string().regex(/^[A-Z]{3}$/, 'is an ISO 4217 code');

/** A receipt whose money went to the merchant (net of fee and splits), or to suspense, or partly. Zero amounts are left out. */
export const receiptSettledMessage = z.strictObject({
  kind: z.literal('receipt_settled'),
  receiptId: z.uuid(),
  orderId: z.uuid().nullable(),
  gid: z.uuid(),
  /** The name of the channel that owes us the gross. */
  channel: z.string().min(1),
  currency,
  gross: amount,
  /** Where the gross went; the amounts add up to it. `party` is the merchant's id or the payee account's code. */
  credits: z.array(
    z.strictObject({ to: z.enum(['merchant', 'payee', 'fees', 'suspense']), party: z.string(), amount }),
  ),
  /** The worth of the points that were granted, in the receipt's currency; null where points carry no value. */
  pointsValue: amount.nullable(),
  merchantId: z.uuid().nullable(),
  /** `legsHash` of the transaction's plan, so that the audit can compare the voucher with the entries. */
  legsHash: z.string().regex(/^[0-9a-f]{64}$/, 'is a SHA-256 in hex'),
  /** When the receipt was decided: RFC 3339 in UTC, to the microsecond at most. */
  occurredAt: z.iso.datetime().regex(/^[^.]*(\.\d{1,6})?Z$/, 'has at most six decimals'),
});

export const voucherMessage = z.discriminatedUnion('kind', [receiptSettledMessage]);
export type VoucherMessage = z.infer<typeof voucherMessage>;
