/** How many orders lie ready; each transaction pays one of them. */
const ORDERS = 200_000;
const CUSTOMERS = 2_000;

/** A variable of a script: a random whole number from 1 to `most`, drawn anew for every transaction. */
export interface Drawn {
  readonly name: string;
  readonly most: number;
}

/** One transaction: `:name` stands for a drawn number. */
export interface FloorScript {
  readonly drawn: readonly Drawn[];
  readonly statements: readonly string[];
}

/** The service's own tables with their indexes and checks, without what refers to other rows. */
const COPIED = [
  ['inbox', 'orders.inbox_events'],
  ['bodies', 'orders.callback_bodies'],
  ['receipts', 'orders.receipts'],
  ['orders', 'orders.orders'],
  ['notifications', 'orders.notifications'],
  ['attempts', 'orders.notification_attempts'],
  ['accounts', 'accounts.accounts'],
  ['entries', 'accounts.entries'],
  ['points_accounts', 'points.accounts'],
  ['points_entries', 'points.entries'],
  ['vouchers', 'accounting.vouchers'],
  ['postings', 'accounting.postings'],
] as const;

/** A number as the UUID of a row that lies ready. */
const uuid = (number: string): string => `lpad(to_hex(${number}), 32, '0')::uuid`;

export const FLOOR_TABLES = (merchants: number): readonly string[] => [
  'create schema floor',
  ...COPIED.map(([name, original]) => `create table floor.${name} (like ${original} including all)`),
  // Keys here are of no time.
  'alter table floor.vouchers drop constraint vouchers_key_time',
  // The number of an entry comes from its account's row, as in the service; nobody else counts.
  `insert into floor.orders (id, merchant_id, merchant_order_no, payment_reference, amount, currency, fee, customer, points)
   select ${uuid('n::bigint')}, ${uuid(`(1 + n % ${merchants})::bigint`)}, n::text, lpad(to_hex(n), 32, '0'), 12.5, 'EUR', 0.23, 'anna', 12
     from generate_series(1, ${ORDERS}) n`,
  `insert into floor.accounts (id, code, kind, owner, unit)
   select ${uuid('n::bigint')}, 'merchant/' || n, 'merchant', n::text, 'EUR' from generate_series(1, ${merchants}) n`,
  `insert into floor.points_accounts (id, code, kind, owner, unit)
   select ${uuid('n::bigint')}, 'customer/' || n, 'customer', n::text, 'POINTS' from generate_series(1, ${CUSTOMERS}) n`,
];

const NEW = 'gen_random_uuid()';
const ORDER = uuid(':order::bigint');
const ACCOUNT = uuid(':merchant::bigint');
const CUSTOMER = uuid(':customer::bigint');
const BODY = `convert_to(repeat('{"type":"payment.succeeded"}', 10), 'UTF8')`;
const PAYLOAD = `repeat('{"type":"order.paid"}', 30)`;

/** Receipt in, order paid, merchant and points credited, voucher posted, notification recorded as delivered. */
export function floorScript(merchants: number): FloorScript {
  return {
    drawn: [
      { name: 'order', most: ORDERS },
      { name: 'merchant', most: merchants },
      { name: 'customer', most: CUSTOMERS },
    ],
    statements: [
      `with callback as (insert into floor.bodies (for_a_person, id, body) values (false, ${NEW}, ${BODY}) returning id)
       insert into floor.inbox (id, channel_id, event_key, verdict, outcome, facts, callback_id, body_hash)
       select ${NEW}, ${NEW}, ${NEW}::text, 'payment_succeeded', 'receipt', '{"type":"payment.succeeded"}', id, repeat('a', 64)
         from callback`,
      `insert into floor.receipts (id, provider, receiving_account, provider_reference, channel_id, amount, currency, payment_reference,
                                   order_id, status, outcome, next_try_at, decided_at, settled_at)
       values (${NEW}, 'standard_webhooks', 'FLOOR', ${NEW}::text, ${NEW}, 12.5, 'EUR', 'reference', ${NEW}, 'settled', 'order_paid',
               now(), now(), now())`,
      `update floor.orders set status = 'paid', paid_by = ${NEW}, paid_at = now(), final_xact = pg_current_xact_id() where id = ${ORDER}`,
      `with moved as (update floor.accounts set balance = balance + 12.27, entry_count = entry_count + 1 where id = ${ACCOUNT}
                      returning id, balance, entry_count)
       insert into floor.entries (id, account_id, number, gid, branch, amount, balance_after)
       select ${NEW}, id, entry_count, ${NEW}, 'accounts', 12.27, balance from moved
       union all select ${NEW}, ${NEW}, 1, ${NEW}, 'accounts', 0.23, 0.23`,
      `with moved as (update floor.points_accounts set balance = balance + 12, entry_count = entry_count + 1 where id = ${CUSTOMER}
                      returning id, balance, entry_count)
       insert into floor.points_entries (id, account_id, number, gid, branch, amount, balance_after)
       select ${NEW}, id, entry_count, ${NEW}, 'points', 12, balance from moved`,
      `with voucher as (
         insert into floor.vouchers (id, link_number, position, kind, event_key, description, order_id, receipt_id, gid, legs_hash,
                                     content_hash, lines, occurred_at, posted_at)
         values (${NEW}, (random() * 1e15)::bigint, 1, 'receipt_settled', ${NEW}::text, '12.50 EUR arrived', ${ORDER}, ${NEW}, ${NEW},
                 repeat('b', 64), repeat('c', 64), 5, now(), now())
         returning id, link_number)
       insert into floor.postings (voucher_id, link_number, line, account, party, currency, debit, credit)
       select voucher.id, voucher.link_number, p.* from voucher, (values
         (1, '1100', 'bank', 'EUR', 12.5, 0.0), (2, '2100', 'merchant', 'EUR', 0.0, 12.27), (3, '4100', '', 'EUR', 0.0, 0.23),
         (4, '5100', 'merchant', 'EUR', 0.12, 0.0), (5, '2300', 'merchant', 'EUR', 0.0, 0.12)) as p`,
      `with told as (
         insert into floor.notifications (id, merchant_id, order_id, endpoint_id, type, payload, status, attempts, enqueued_until, ended_at)
         values (${NEW}, ${ACCOUNT}, ${NEW}, ${NEW}, 'order.paid', ${PAYLOAD}, 'delivered', 1, now(), now())
         returning id)
       insert into floor.attempts (notification_id, number, status, http_status, duration_ms, ended_at)
       select id, 1, 'succeeded', 204, 5, now() from told`,
    ],
  };
}
