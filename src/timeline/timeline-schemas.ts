import { z } from 'zod';
import { shownId } from '../http/fields';
import { shownAmount, shownCurrency, shownIdOf, shownTime } from '../http/shown';
import { INCIDENT_KINDS } from '../incidents/incident';

export const orderPath = z.object({ order_id: shownId<'order'>('order') });
export const receiptPath = z.object({ receipt_id: shownId<'receipt'>('receipt') });

const traceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .nullable()
  .meta({ description: 'Under which logs and traces know it', example: '4bf92f3577b34da6a3ce929d0e0e4736' });

/** One thing that happened: its kind says which facts it has. */
function item<Kind extends string, Facts extends z.ZodRawShape>(kind: Kind, facts: Facts) {
  return z.strictObject({ at: shownTime, kind: z.literal(kind), trace_id: traceId, facts: z.strictObject(facts) });
}

const id = {
  order: shownIdOf('order'),
  receipt: shownIdOf('receipt'),
  transaction: shownIdOf('transaction'),
  notification: shownIdOf('notification'),
  incident: shownIdOf('incident'),
};
const unit = z.string().meta({ description: 'A currency, or POINTS', example: 'EUR' });
const count = z.int().min(0);
/** How work that is tried until it succeeds stands just now. */
const retried = { attempts: count, next_try_at: shownTime.nullable(), last_error: z.string().nullable() };
const refusals = z.array(z.strictObject({ participant: z.string(), account: z.string(), reason: z.string() }));
const leg = z.strictObject({ account: z.string(), direction: z.enum(['in', 'out']), amount: shownAmount });
const branch = z.strictObject({ participant: z.string(), branch: z.string(), legs: z.array(leg) });
const ofBranch = { transaction: id.transaction, participant: z.string(), branch: z.string() };
const outcome = z.string().meta({ description: 'order_paid or suspense', example: 'order_paid' });

const order = [
  item('order_created', {
    order: id.order,
    merchant: shownIdOf('merchant'),
    merchant_order_no: z.string(),
    payment_reference: z.string(),
    amount: shownAmount,
    currency: shownCurrency,
    expires_at: shownTime.nullable(),
  }),
  item('order_claimed', { order: id.order, receipt: id.receipt }),
  item('order_paid', { order: id.order, receipt: id.receipt.nullable() }),
  item('order_closed', { order: id.order }),
  item('order_expired', { order: id.order }),
] as const;

const receipt = [
  item('callback_event', {
    event: shownIdOf('event'),
    channel: z.string(),
    verdict: z.string(),
    outcome: z.string(),
    receipt: id.receipt.nullable(),
    provider_reference: z.string().nullable(),
    facts: z.record(z.string(), z.string().nullable()),
  }),
  item('receipt_received', {
    receipt: id.receipt,
    order: id.order.nullable(),
    channel: z.string(),
    provider_reference: z.string(),
    payment_reference: z.string().nullable(),
    amount: shownAmount,
    currency: shownCurrency,
    status: z.string(),
    ...retried,
  }),
  item('receipt_decided', { receipt: id.receipt, outcome, refusals }),
  item('receipt_settled', { receipt: id.receipt, outcome }),
] as const;

const transaction = [
  item('transaction_opened', {
    transaction: id.transaction,
    receipt: id.receipt,
    number: count.meta({ description: 'Which attempt of the receipt it is, from 1' }),
    outcome,
    status: z.string(),
    deadline: shownTime,
    branches: z.array(branch),
    ...retried,
  }),
  item('transaction_decided', {
    transaction: id.transaction,
    decision: z.enum(['confirm', 'cancel']),
    refusals,
  }),
  item('transaction_ended', { transaction: id.transaction, status: z.enum(['confirmed', 'cancelled']) }),
  item('hold_placed', {
    ...ofBranch,
    status: z.string(),
    legs: z.array(leg.extend({ unit })),
  }),
  item('hold_ended', {
    ...ofBranch,
    status: z.enum(['confirmed', 'cancelled']),
    tombstone: z.boolean().meta({ description: 'Cancelled before it was tried, so that a late Try finds it' }),
  }),
  item('entry_posted', {
    ...ofBranch,
    account: z.string(),
    unit,
    number: z.string().meta({ description: 'Of the account’s entries, from 1', example: '17' }),
    amount: shownAmount,
    balance_after: shownAmount,
  }),
] as const;

const voucher = [
  item('voucher_requested', {
    message: shownIdOf('message'),
    receipt: id.receipt,
    status: z.string(),
    ...retried,
  }),
  item('voucher_posted', {
    voucher: shownIdOf('voucher'),
    receipt: id.receipt.nullable(),
    link: z.string().meta({ description: 'Number of the link of the books’ chain', example: '42' }),
    description: z.string(),
    postings: z.array(
      z.strictObject({
        account: z.string(),
        party: z.string().nullable(),
        currency: shownCurrency,
        debit: shownAmount,
        credit: shownAmount,
      }),
    ),
  }),
  item('voucher_request_done', { message: shownIdOf('message'), receipt: id.receipt }),
] as const;

const notification = [
  item('notification_created', {
    notification: id.notification,
    type: z.string(),
    endpoint: shownIdOf('endpoint').nullable(),
    url: z.string().nullable(),
    status: z.string(),
    ...retried,
  }),
  item('notification_attempt', {
    notification: id.notification,
    number: count,
    status: z.string(),
    http_status: z.int().nullable(),
    error: z.string().nullable(),
    duration_ms: z.int().nullable(),
  }),
  item('notification_ended', { notification: id.notification, status: z.string() }),
] as const;

const incident = [
  item('incident_opened', {
    incident: id.incident,
    kind: z.enum(INCIDENT_KINDS),
    status: z.string(),
    times_seen: count,
    last_seen_at: shownTime,
    facts: z.record(z.string(), z.string().nullable()),
  }),
  item('incident_resolved', { incident: id.incident, resolution: z.string().nullable() }),
] as const;

const everything = [...order, ...receipt, ...transaction, ...voucher, ...notification, ...incident] as const;
/** In the order of cause and effect. */
export const TIMELINE_KINDS = everything.map((one) => one.shape.kind.value);

export const timelineItem = z
  .discriminatedUnion('kind', everything)
  .meta({ id: 'TimelineItem', description: 'One thing that happened in the course of a payment, with its time' });
export type TimelineItem = z.output<typeof timelineItem>;

const leftOut = z
  .array(z.strictObject({ of: z.string(), count }))
  .meta({ description: 'What is not listed because there is too much of it; the newest are' });

export const timelineView = z
  .strictObject({
    order: id.order.nullable(),
    receipts: z.array(id.receipt),
    items: z.array(timelineItem),
    pending: z
      .array(
        z.strictObject({
          what: z.enum(['receipt', 'transaction', 'voucher', 'notification']),
          id: z.string(),
          status: z.string(),
          ...retried,
        }),
      )
      .meta({ description: 'What is still to be done, and when it is tried next' }),
    unavailable: z
      .array(z.strictObject({ part: z.string(), reason: z.string() }))
      .meta({ description: 'Parts whose database did not answer: nothing of them is listed' }),
    left_out: leftOut,
  })
  .meta({ id: 'Timeline', description: 'Everything that is known of a payment, in the order in which it happened' });
export type TimelineView = z.output<typeof timelineView>;

const ofMerchants = [
  item('order_created', { amount: shownAmount, currency: shownCurrency, expires_at: shownTime.nullable() }),
  item('order_paid', {}),
  item('order_closed', {}),
  item('order_expired', {}),
  item('payment_received', {
    provider_reference: z.string(),
    channel: z.string(),
    amount: shownAmount,
    currency: shownCurrency,
  }),
  item('payment_credited', {
    provider_reference: z.string(),
    currency: shownCurrency,
    amount: shownAmount.meta({ description: 'What was paid', example: '12.50' }),
    fee: shownAmount,
    net: shownAmount.meta({ description: 'What your account was credited with', example: '12.01' }),
    splits: z.array(z.strictObject({ account: shownIdOf('account'), amount: shownAmount })),
    points: shownAmount.meta({ description: 'What the customer was credited with', example: '12' }),
  }),
  item('review_opened', { review: id.incident }),
  item('review_closed', { review: id.incident }),
  ...notification,
] as const;
export const MERCHANT_TIMELINE_KINDS = ofMerchants.map((one) => one.shape.kind.value);

const merchantItem = z
  .discriminatedUnion('kind', ofMerchants)
  .meta({ id: 'MerchantTimelineItem', description: 'One thing that happened to an order, with its time' });
export type MerchantTimelineItem = z.output<typeof merchantItem>;

export const merchantTimelineView = z
  .strictObject({
    order: id.order,
    status: z.enum(['open', 'paid', 'closed', 'expired']),
    under_review: z.boolean().meta({ description: 'Whether somebody with us is to look at a payment of this order' }),
    items: z.array(merchantItem),
    left_out: leftOut,
  })
  .meta({ id: 'MerchantTimeline', description: 'What happened to an order, in the order in which it happened' });
export type MerchantTimelineView = z.output<typeof merchantTimelineView>;
