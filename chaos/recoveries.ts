import { type Databases, type Statement, statement } from '../src/consistency/transaction';

/** What the service had to mend, by kind, as its databases tell it afterwards. */
export type Recoveries = Readonly<Record<(typeof KINDS)[number][0], number>>;

const count = (name: string, text: string): Statement =>
  statement(`chaos.${name}`, `select count(*)::int as count from ${text}`);

const KINDS = [
  ['attempts_cancelled', count('cancelled', `orders.global_transactions where status = 'cancelled'`)],
  // Who decides and confirms in time needs no recovery: it looks at a transaction when its deadline has passed.
  [
    'confirmed_by_recovery',
    count('confirmed', `orders.global_transactions where status = 'confirmed' and ended_at > deadline`),
  ],
  [
    'cancelled_by_recovery',
    count('cancelled_late', `orders.global_transactions where status = 'cancelled' and decided_at > deadline`),
  ],
  [
    'receipts_settled_again',
    count('again', `(select from orders.global_transactions group by receipt_id having count(*) > 1) t`),
  ],
  ['receipts_that_waited', count('waited', `orders.receipts where attempts > 0`)],
  ['messages_claimed_again', count('messages', `orders.outbox where attempts > 1`)],
  ['notifications_sent_again', count('notifications', `orders.notifications where attempts > 1`)],
  ['notification_attempts_cut_off', count('cut_off', `orders.notification_attempts where status = 'started'`)],
] as const satisfies readonly (readonly [string, Statement])[];

export async function readRecoveries({ orders }: Databases): Promise<Recoveries> {
  const counts = await Promise.all(
    KINDS.map(async ([kind, sql]) => {
      const [row] = await orders.query<{ count: number }>(sql);
      return [kind, row?.count ?? 0] as const;
    }),
  );
  return Object.fromEntries(counts) as Recoveries;
}
