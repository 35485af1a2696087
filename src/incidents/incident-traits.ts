import type { IncidentKind } from './incident';
import { RECONCILIATION_TRAITS } from './reconciliation-traits';
import type { IncidentAction, IncidentTraits, Severity } from './severity';

const FROZEN_ACCOUNTS: IncidentAction = {
  about: 'See which account refused, and whether it is frozen or closed',
  command: 'quittance accounts list --kind merchant',
};
const UNFREEZE: IncidentAction = {
  about: 'Let the account take the next payments',
  command: 'quittance accounts unfreeze <account-id>',
};
const SUSPENSE: IncidentAction = {
  about: 'See what waits in suspense, per currency',
  command: 'quittance accounts list --kind suspense',
};
const SAME_ORDER: IncidentAction = {
  about: 'See what else happened to this order',
  command: 'quittance timeline <order>',
};
const SAME_RECEIPT: IncidentAction = {
  about: 'See what else happened to this money',
  command: 'quittance timeline <receipt>',
};
const CHANNELS: IncidentAction = {
  about: 'See how the channel is set up',
  command: 'quittance channels list',
};
const STOP_CHANNEL: IncidentAction = {
  about: 'Refuse the channel’s callbacks while its key may be in wrong hands',
  command: 'quittance channels disable <channel-id>',
};
const AUDIT: IncidentAction = {
  about: 'Learn whether a guarantee is broken',
  command: 'quittance audit',
};
const EVERYTHING_NOW: IncidentAction = {
  about: 'Try everything now that waits for its backoff',
  command: 'quittance retry --all-due',
};
const BOOKS: IncidentAction = {
  about: 'See whether the books balance without it',
  command: 'quittance trial-balance',
};

/** Every kind has its traits, as it has its page in docs/incidents.md: a kind without them does not compile. */
export const INCIDENT_TRAITS: Readonly<Record<IncidentKind, IncidentTraits>> = {
  account_refused: {
    severity: 'high',
    title: 'A merchant’s account refused a payment',
    actions: [FROZEN_ACCOUNTS, UNFREEZE, SUSPENSE],
  },
  points_refused: {
    severity: 'low',
    title: 'A customer’s points account refused points',
    actions: [
      { about: 'See the account', command: 'quittance accounts list --points --kind customer' },
      { about: 'Let it take points again', command: 'quittance accounts unfreeze <account-id> --points' },
    ],
  },
  split_refused: {
    severity: 'high',
    title: 'A payee’s account refused its share',
    actions: [
      { about: 'See which account refused', command: 'quittance accounts list --kind payee' },
      UNFREEZE,
      SUSPENSE,
    ],
  },
  late_payment: {
    severity: 'high',
    title: 'An order was paid after it had closed or expired',
    actions: [SAME_ORDER, SUSPENSE],
  },
  duplicate_payment: { severity: 'high', title: 'An order was paid twice', actions: [SAME_ORDER, SUSPENSE] },
  amount_mismatch: {
    severity: 'high',
    title: 'Another amount arrived than was ordered',
    actions: [SAME_ORDER, SUSPENSE],
  },
  currency_mismatch: {
    severity: 'high',
    title: 'Another currency arrived than was ordered',
    actions: [SAME_ORDER, SUSPENSE],
  },
  channel_not_accepted: {
    severity: 'high',
    title: 'An order was paid through a channel that it does not take',
    actions: [SAME_ORDER, CHANNELS, SUSPENSE],
  },
  unidentified_payment: {
    severity: 'high',
    title: 'Money arrived that names no order of ours',
    actions: [SAME_RECEIPT, CHANNELS, SUSPENSE],
  },
  receipt_changed: {
    severity: 'critical',
    title: 'A bank says another amount of money that it has told us of',
    actions: [SAME_RECEIPT, CHANNELS, STOP_CHANNEL],
  },
  failure_after_success: {
    severity: 'critical',
    title: 'A bank says that a payment failed which it had confirmed',
    actions: [SAME_RECEIPT, SAME_ORDER],
  },
  refund_received: { severity: 'high', title: 'A bank tells of a refund', actions: [SAME_RECEIPT, SAME_ORDER] },
  dispute_received: { severity: 'high', title: 'A customer disputes a payment', actions: [SAME_RECEIPT, SAME_ORDER] },
  chargeback_received: {
    severity: 'high',
    title: 'A bank has taken a payment back',
    actions: [SAME_RECEIPT, SAME_ORDER],
  },
  event_not_understood: {
    severity: 'medium',
    title: 'A bank said something genuine that we do not understand',
    actions: [CHANNELS],
  },
  try_mismatch: {
    severity: 'critical',
    title: 'A participant holds other amounts than were planned',
    actions: [AUDIT],
  },
  phase_two_impossible: {
    severity: 'critical',
    title: 'A decided payment cannot be finished',
    actions: [AUDIT],
  },
  phase_two_stuck: {
    severity: 'critical',
    title: 'A payment has not ended in many attempts',
    actions: [
      { about: 'See all of them, and what hinders them', command: 'quittance tcc list --stuck' },
      { about: 'Try it now', command: 'quittance tcc retry <transaction>' },
      EVERYTHING_NOW,
      AUDIT,
    ],
  },
  receipt_stuck: {
    severity: 'critical',
    title: 'Verified money has waited too long to be settled',
    actions: [
      SAME_RECEIPT,
      { about: 'See all of them, and what hinders them', command: 'quittance receipts list --stuck' },
      { about: 'Try it now', command: 'quittance receipts retry <receipt>' },
      EVERYTHING_NOW,
    ],
  },
  voucher_stuck: {
    severity: 'high',
    title: 'A voucher cannot be posted',
    actions: [
      { about: 'See all of them, and what hinders them', command: 'quittance outbox list --stuck' },
      { about: 'Try it now', command: 'quittance outbox retry <message>' },
      EVERYTHING_NOW,
      BOOKS,
      AUDIT,
    ],
  },
  hold_without_transaction: {
    severity: 'critical',
    title: 'Amounts are held for a transaction that does not exist',
    actions: [AUDIT],
  },
  endpoint_gone: {
    severity: 'medium',
    title: 'A merchant’s endpoint says that it is gone',
    actions: [
      { about: 'See the merchant’s endpoints', command: 'quittance endpoints list <merchant>' },
      { about: 'Register the new address', command: 'quittance endpoints create <merchant> <url>' },
    ],
  },
  notification_exhausted: {
    severity: 'medium',
    title: 'A merchant was never told of the end of an order',
    actions: [
      SAME_ORDER,
      { about: 'See the merchant’s endpoints', command: 'quittance endpoints list <merchant>' },
      { about: 'Notify it again', command: 'quittance notifications resend <notification>' },
    ],
  },
  endpoint_failing: {
    severity: 'medium',
    title: 'A merchant’s endpoint has failed for days and was disabled',
    actions: [
      { about: 'See what it answers', command: 'quittance endpoints ping <merchant> <endpoint>' },
      { about: 'Notify it again', command: 'quittance endpoints enable <merchant> <endpoint>' },
    ],
  },
  ...RECONCILIATION_TRAITS,
};

/** The kinds of a severity. */
export function kindsOf(severity: Severity): readonly IncidentKind[] {
  return (Object.keys(INCIDENT_TRAITS) as IncidentKind[]).filter((kind) => INCIDENT_TRAITS[kind].severity === severity);
}
