import type { SentPayment } from '../bank';
import type { Body } from '../caller';
import type { Findings } from '../findings';
import type { MerchantServers } from '../merchant-servers';
import type { Scenery } from '../scenery';
import type { PlacedOrder } from '../teller';

/** What everybody outside the service knows, for the judges. */
export interface Case {
  readonly scenery: Scenery;
  readonly placed: readonly PlacedOrder[];
  /** By "channel id". */
  readonly payments: ReadonlyMap<string, SentPayment>;
  readonly servers: MerchantServers;
  readonly findings: Findings;
}

/** An order with what its merchant reads of it in the end, and what was paid for it. */
export interface JudgedOrder {
  readonly order: PlacedOrder;
  readonly status: string;
  readonly payments: readonly SentPayment[];
}

/** The receipts that the service has, by "channel id". */
export type Receipts = ReadonlyMap<string, readonly Body[]>;

/** Whether a payment is what its order asks for. */
export function fits({ story, onlyOwnChannel }: PlacedOrder, payment: SentPayment): boolean {
  const rightMoney = payment.currency === story.merchant.currency && payment.minor === story.minor;
  return rightMoney && (!onlyOwnChannel || payment.channel === story.channel);
}
