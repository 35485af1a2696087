import type { Gid, OrderId, ReceiptId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { Tx } from '../consistency/transaction';

/** Something a person must look at. The kinds are a closed list; each has its page in docs/incidents.md. */
export const INCIDENT_KINDS = [
  'account_refused',
  'points_refused',
  'split_refused',
  'late_payment',
  'duplicate_payment',
  'amount_mismatch',
  'currency_mismatch',
  'channel_not_accepted',
  'unidentified_payment',
  'receipt_changed',
  'failure_after_success',
  'refund_received',
  'dispute_received',
  'chargeback_received',
  'event_not_understood',
  'try_mismatch',
  'phase_two_impossible',
  'phase_two_stuck',
  'receipt_stuck',
  'voucher_stuck',
  'hold_without_transaction',
  'endpoint_gone',
  'endpoint_failing',
  'notification_exhausted',
  'reconciliation_amount_difference',
  'reconciliation_currency_difference',
  'reconciliation_status_difference',
  'reconciliation_fee_difference',
  'reconciliation_duplicate_line',
  'reconciliation_refund_unknown',
  'reconciliation_missing_at_bank',
  'reconciliation_missing_with_us',
  'reconciliation_recovery_held',
  'reconciliation_too_many_differences',
  'reconciliation_statement_quarantined',
  'reconciliation_run_stuck',
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export interface NewIncident {
  readonly kind: IncidentKind;
  /** With the kind, its identity: a second report of the same counts up instead of making another. */
  readonly subject: string;
  readonly orderId?: OrderId | null;
  readonly receiptId?: ReceiptId | null;
  readonly gid?: Gid | null;
  /** The trace of what reports it. */
  readonly traceparent?: Traceparent | null;
  /** Both sides' facts, as strings that may be shown to an operator. */
  readonly facts: Readonly<Record<string, string | null>>;
}

export interface Incidents {
  /** Opens incidents, or counts up those that are known, in the transaction of what they report. */
  report(tx: Tx<'orders'>, incidents: readonly NewIncident[]): Promise<void>;
}
