import { type CallbackId, type ChannelId, type EventId, type ReceiptId, idOf } from '../core/ids';
import { indexBy } from '../core/index-by';
import type { Traceparent } from '../core/traceparent';
import { filtered } from '../consistency/by-key';
import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';

export interface NewInboxEvent {
  readonly id: EventId;
  readonly channelId: ChannelId;
  /** Unique within the channel. */
  readonly key: string;
  readonly verdict: string;
  readonly providerReference: string | null;
  readonly paymentReference: string | null;
  readonly receiptId: ReceiptId | null;
  readonly outcome: string;
  readonly facts: Readonly<Record<string, string | null>>;
  /** The callback that brought it, whose body is kept once for all of its events. */
  readonly callback: ArrivedCallback;
  readonly traceparent: Traceparent;
}

/** A verified callback as it arrived. */
export interface ArrivedCallback {
  readonly id: CallbackId;
  /** Byte for byte. */
  readonly body: Buffer;
  /** SHA-256 in hexadecimal. */
  readonly bodyHash: string;
  /** Whether a person must look at one of its events; then the body is kept for ever. */
  readonly forAPerson: boolean;
}

/**
 * A body is kept where at least one event of its callback is new, whichever that is. The condition is asked by a hash of what
 * was inserted: a join would compare every body with every event.
 */
const INSERT = statement(
  'orders.inbox_events.insert',
  `with fresh as (
     insert into orders.inbox_events
       (id, channel_id, event_key, verdict, provider_reference, payment_reference, receipt_id, outcome, facts, callback_id,
        body_hash, traceparent)
     select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[],
                          $9::jsonb[], $10::uuid[], $11::text[], $12::text[])
       as n(id, channel_id, event_key, verdict, provider_reference, payment_reference, receipt_id, outcome, facts, callback_id,
            body_hash, traceparent)
      order by channel_id, event_key
     on conflict (channel_id, event_key) do nothing
     returning id, callback_id),
   bodies as (
     insert into orders.callback_bodies (for_a_person, id, body)
     select * from unnest($13::boolean[], $14::uuid[], $15::bytea[]) as b(for_a_person, id, body)
      where ${filtered('b.id in (select callback_id from fresh)')}
      order by for_a_person, id
     on conflict (for_a_person, id) do nothing)
   select id from fresh`,
);
const bodyColumns = columnsOf<ArrivedCallback>(
  (callback) => callback.forAPerson,
  (callback) => callback.id,
  (callback) => callback.body,
);
const eventColumns = columnsOf<NewInboxEvent>(
  (event) => event.id,
  (event) => event.channelId,
  (event) => event.key,
  (event) => event.verdict,
  (event) => event.providerReference,
  (event) => event.paymentReference,
  (event) => event.receiptId,
  (event) => event.outcome,
  (event) => JSON.stringify(event.facts),
  (event) => event.callback.id,
  (event) => event.callback.bodyHash,
  (event) => event.traceparent,
);

export const inboxStore = {
  /** Puts verified events into the inbox, with the bodies of their callbacks; returns the ids of those that were not there. */
  insert: async (tx: Tx<'orders'>, events: readonly NewInboxEvent[]): Promise<ReadonlySet<EventId>> => {
    const callbacks = [...indexBy(events.map(callbackOf), idOf).values()];
    const rows = await tx.query<{ id: EventId }>(INSERT, [...eventColumns(events), ...bodyColumns(callbacks)]);
    return new Set(rows.map(idOf));
  },
};

function callbackOf(event: NewInboxEvent): ArrivedCallback {
  return event.callback;
}
