/** What a history consists of, in the order in which its rows come about. */
export const TABLES = {
  'orders.orders': [
    ...['id', 'merchant_id', 'merchant_order_no', 'payment_reference', 'amount', 'currency', 'fee', 'customer'],
    ...['points', 'points_value', 'status', 'paid_by', 'created_at', 'paid_at', 'final_xact'],
  ],
  'orders.callback_bodies': ['for_a_person', 'id', 'body', 'stored_at'],
  'orders.receipts': [
    ...['id', 'provider', 'receiving_account', 'provider_reference', 'channel_id', 'amount', 'currency'],
    ...['payment_reference', 'order_id', 'status', 'outcome', 'received_at', 'decided_at', 'settled_at', 'traceparent'],
    'gid',
  ],
  'orders.inbox_events': [
    ...['id', 'channel_id', 'event_key', 'verdict', 'provider_reference', 'payment_reference', 'receipt_id', 'outcome'],
    ...['facts', 'body_hash', 'received_at', 'traceparent', 'callback_id'],
  ],
  'orders.global_transactions': [
    ...['gid', 'receipt_id', 'order_id', 'pays_order', 'status', 'plan', 'legs_hash', 'deadline', 'created_at'],
    ...['decided_at', 'ended_at'],
  ],
  'orders.outbox': [
    ...['id', 'topic', 'event_key', 'version', 'payload', 'status', 'attempts', 'next_try_at', 'enqueued_until'],
    ...['created_at', 'done_at', 'traceparent'],
  ],
  'orders.notifications': [
    ...['id', 'merchant_id', 'order_id', 'endpoint_id', 'type', 'payload', 'status', 'attempts', 'next_try_at'],
    ...['enqueued_until', 'created_at', 'ended_at', 'traceparent', 'schedule', 'attempts_cleaned'],
  ],
  'orders.notification_attempts': [
    ...['notification_id', 'number', 'status', 'http_status', 'duration_ms', 'started_at', 'ended_at'],
  ],
  'accounts.holds': HOLDS(),
  'accounts.entries': ENTRIES(),
  'points.holds': HOLDS(),
  'points.entries': ENTRIES(),
  'accounting.links': ['number', 'previous_hash', 'hash', 'vouchers', 'key_id', 'signature', 'created_at'],
  'accounting.vouchers': [
    ...['id', 'link_number', 'position', 'kind', 'event_key', 'description', 'order_id', 'receipt_id', 'gid'],
    ...['legs_hash', 'content_hash', 'lines', 'occurred_at', 'posted_at'],
  ],
  'accounting.postings': ['voucher_id', 'line', 'account', 'party', 'currency', 'debit', 'credit', 'link_number'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Table = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as readonly Table[];

/** Where rows go. */
export type Write = (table: Table, row: readonly string[]) => void;

function HOLDS() {
  return [
    ...['gid', 'branch', 'status', 'content_hash', 'account_ids', 'outbound', 'amounts'],
    ...['created_at', 'ended_at'],
  ] as const;
}

function ENTRIES() {
  return ['id', 'account_id', 'number', 'gid', 'branch', 'amount', 'balance_after', 'created_at'] as const;
}
