import type { ChannelId, EventId, ReceiptId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import { type Tx, statement } from '../consistency/transaction';

export interface NewInboxEvent {
  readonly id: EventId;
  readonly channelId: ChannelId;
  readonly key: string;
  readonly verdict: string;
  readonly providerReference: string | null;
  readonly paymentReference: string | null;
  readonly receiptId: ReceiptId | null;
  readonly outcome: string;
  readonly facts: Readonly<Record<string, string | null>>;
  /** The callback byte for byte, kept with its first event; the others of it share the hash. */
  readonly body: Buffer | null;
  readonly bodyHash: string;
  readonly traceparent: Traceparent;
}

const INSERT = statement(
  'orders.inbox_events.insert',
  `insert into orders.inbox_events
     (id, channel_id, event_key, verdict, provider_reference, payment_reference, receipt_id, outcome, facts, body, body_hash,
      traceparent)
   select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[],
                        $9::jsonb[], $10::bytea[], $11::text[], $12::text[])
     as n(id, channel_id, event_key, verdict, provider_reference, payment_reference, receipt_id, outcome, facts, body, body_hash,
          traceparent)
    order by channel_id, event_key
   on conflict (channel_id, event_key) do nothing
   returning id`,
);

export const inboxStore = {
  /** Puts verified events into the inbox; returns the ids of those that were not there. */
  insert: async (tx: Tx<'orders'>, events: readonly NewInboxEvent[]): Promise<ReadonlySet<EventId>> => {
    const rows = await tx.query<{ id: EventId }>(INSERT, [
      events.map((event) => event.id),
      events.map((event) => event.channelId),
      events.map((event) => event.key),
      events.map((event) => event.verdict),
      events.map((event) => event.providerReference),
      events.map((event) => event.paymentReference),
      events.map((event) => event.receiptId),
      events.map((event) => event.outcome),
      events.map((event) => JSON.stringify(event.facts)),
      events.map((event) => event.body),
      events.map((event) => event.bodyHash),
      events.map((event) => event.traceparent),
    ]);
    return new Set(rows.map((row) => row.id));
  },
};
