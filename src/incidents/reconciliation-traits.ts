import type { IncidentKind } from './incident';
import type { IncidentAction, IncidentTraits } from './severity';

const RUN: IncidentAction = {
  about: 'See the run that found it, with its totals',
  command: 'quittance reconciliation show <run>',
};
const POOL: IncidentAction = {
  about: 'See what waits to be explained by a later statement',
  command: 'quittance reconciliation pool',
};
const PAYMENT: IncidentAction = {
  about: 'See what happened to this money with us',
  command: 'quittance timeline <receipt>',
};
const MAPPING: IncidentAction = {
  about: 'See how the channel’s statements are read',
  command: 'quittance reconciliation mapping show <channel>',
};

type ReconciliationKind = Extract<IncidentKind, `reconciliation_${string}`>;

/** The traits of what a bank's statement and our receipts do not agree on. */
export const RECONCILIATION_TRAITS: Readonly<Record<ReconciliationKind, IncidentTraits>> = {
  reconciliation_amount_difference: {
    severity: 'high',
    title: 'A statement has another amount than our receipt',
    actions: [PAYMENT, RUN],
  },
  reconciliation_currency_difference: {
    severity: 'high',
    title: 'A statement has another currency than our receipt',
    actions: [PAYMENT, RUN],
  },
  reconciliation_status_difference: {
    severity: 'high',
    title: 'A statement says that a payment failed which we have credited',
    actions: [PAYMENT, RUN],
  },
  reconciliation_fee_difference: {
    severity: 'medium',
    title: 'A bank took another fee than was agreed',
    actions: [RUN],
  },
  reconciliation_duplicate_line: {
    severity: 'medium',
    title: 'A statement has the same payment twice',
    actions: [RUN],
  },
  reconciliation_refund_unknown: {
    severity: 'high',
    title: 'A statement has a refund that we know nothing of',
    actions: [RUN, POOL],
  },
  reconciliation_missing_at_bank: {
    severity: 'high',
    title: 'A payment that we have credited is in no statement',
    actions: [PAYMENT, POOL],
  },
  reconciliation_missing_with_us: {
    severity: 'high',
    title: 'A statement has a payment that we have not',
    actions: [RUN, POOL],
  },
  reconciliation_recovery_held: {
    severity: 'high',
    title: 'A lost callback was not recovered, because its order has another payment',
    actions: [RUN, MAPPING],
  },
  reconciliation_too_many_differences: {
    severity: 'high',
    title: 'A statement differs so much that nothing of it was recovered',
    actions: [RUN, MAPPING],
  },
  reconciliation_statement_quarantined: {
    severity: 'medium',
    title: 'A statement could not be read and was put aside whole',
    actions: [RUN, MAPPING],
  },
  reconciliation_run_stuck: {
    severity: 'high',
    title: 'A reconciliation does not come to its end',
    actions: [RUN],
  },
};
