import { showId } from '../core/ids';
import { displayAmount } from '../core/money';
import { traceIdOf } from '../core/traceparent';
import { quantity, retriedOf, showIdOrNull } from './facts';
import type { Movements, PaymentFacts, VoucherFacts } from './read-timeline';
import type { IncidentFacts, MessageFacts } from './telling-store';
import type { MerchantTimelineItem, TimelineItem } from './timeline-schemas';

/** The kinds that both timelines have: what a merchant was told and how that went. */
type NotificationItem = Extract<MerchantTimelineItem, { readonly kind: `notification_${string}` }>;

export function movementItems(
  participant: string,
  { holds, entries }: Movements,
  traceOf: (gid: string) => string | null,
): TimelineItem[] {
  const held = holds.flatMap((hold): TimelineItem[] => {
    const trace_id = traceOf(hold.gid);
    const of = { transaction: showId('transaction', hold.gid), participant, branch: hold.branch };
    const legs = hold.legs.map(({ account, unit, outbound, amount }) => ({
      account,
      direction: outbound ? ('out' as const) : ('in' as const),
      amount: quantity(amount, unit),
      unit,
    }));
    const items: TimelineItem[] = [];
    if (!hold.tombstone) {
      const facts = { ...of, status: hold.status, legs };
      items.push({ at: hold.created_at, kind: 'hold_placed', trace_id, facts });
    }
    if (hold.ended_at !== null && hold.status !== 'held') {
      const facts = { ...of, status: hold.status, tombstone: hold.tombstone };
      items.push({ at: hold.ended_at, kind: 'hold_ended', trace_id, facts });
    }
    return items;
  });
  const posted = entries.map((entry): TimelineItem => ({
    at: entry.created_at,
    kind: 'entry_posted',
    trace_id: traceOf(entry.gid),
    facts: {
      transaction: showId('transaction', entry.gid),
      participant,
      branch: entry.branch,
      account: entry.account,
      unit: entry.unit,
      number: entry.number,
      amount: quantity(entry.amount, entry.unit),
      balance_after: quantity(entry.balance_after, entry.unit),
    },
  }));
  return [...held, ...posted];
}

export function messageItems(message: MessageFacts): TimelineItem[] {
  const trace_id = traceIdOf(message.traceparent);
  const of = { message: showId('message', message.id), receipt: showId('receipt', message.receipt_id) };
  const facts = { ...of, status: message.status, ...retriedOf(message, message.status === 'due') };
  const items: TimelineItem[] = [{ at: message.created_at, kind: 'voucher_requested', trace_id, facts }];
  if (message.done_at !== null) {
    items.push({ at: message.done_at, kind: 'voucher_request_done', trace_id, facts: of });
  }
  return items;
}

export function voucherItem(voucher: VoucherFacts, traceOf: (receipt: string) => string | null): TimelineItem {
  return {
    at: voucher.posted_at,
    kind: 'voucher_posted',
    trace_id: voucher.receipt_id === null ? null : traceOf(voucher.receipt_id),
    facts: {
      voucher: showId('voucher', voucher.id),
      receipt: showIdOrNull('receipt', voucher.receipt_id),
      link: voucher.link_number,
      description: voucher.description,
      postings: voucher.postings.map(({ account, party, currency, debit, credit }) => ({
        account,
        party: party === '' ? null : party,
        currency,
        debit: displayAmount(debit, currency),
        credit: displayAmount(credit, currency),
      })),
    },
  };
}

export function notificationItems({
  notifications,
  attempts,
}: Pick<PaymentFacts, 'notifications' | 'attempts'>): NotificationItem[] {
  return notifications.flatMap((one): NotificationItem[] => {
    const trace_id = traceIdOf(one.traceparent);
    const notification = showId('notification', one.id);
    const made = attempts.filter((attempt) => attempt.notification_id === one.id);
    const items: NotificationItem[] = [
      {
        at: one.created_at,
        kind: 'notification_created',
        trace_id,
        facts: {
          notification,
          type: one.type,
          endpoint: showIdOrNull('endpoint', one.endpoint_id),
          url: one.url,
          status: one.status,
          ...retriedOf(one, one.status === 'scheduled'),
        },
      },
      ...made.map(({ started_at, number, status, http_status, error, duration_ms }): NotificationItem => {
        const facts = { notification, number, status, http_status, error, duration_ms };
        return { at: started_at, kind: 'notification_attempt', trace_id, facts };
      }),
    ];
    // One that nobody is told of only says so: it has no course that could end.
    if (one.ended_at !== null && one.status !== 'no_endpoint') {
      const facts = { notification, status: one.status };
      items.push({ at: one.ended_at, kind: 'notification_ended', trace_id, facts });
    }
    return items;
  });
}

export function incidentItems(incident: IncidentFacts): TimelineItem[] {
  const trace_id = traceIdOf(incident.traceparent);
  const id = showId('incident', incident.id);
  const items: TimelineItem[] = [
    {
      at: incident.opened_at,
      kind: 'incident_opened',
      trace_id,
      facts: {
        incident: id,
        kind: incident.kind,
        status: incident.status,
        times_seen: incident.times_seen,
        last_seen_at: incident.last_seen_at,
        facts: incident.facts,
      },
    },
  ];
  if (incident.resolved_at !== null) {
    const facts = { incident: id, resolution: incident.resolution };
    items.push({ at: incident.resolved_at, kind: 'incident_resolved', trace_id, facts });
  }
  return items;
}
