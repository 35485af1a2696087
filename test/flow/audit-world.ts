import { createHash } from 'node:crypto';
import { contentHash } from '../../src/core/canonical';
import { systemClock } from '../../src/core/clock';
import { type Gid, createIds } from '../../src/core/ids';
import { createSealer } from '../../src/core/sealing';
import { createVoucherConsumer } from '../../src/accounting/post-vouchers';
import { createParticipant } from '../../src/balances/participant';
import type { Leg } from '../../src/consistency/tcc/participant';
import { PATIENT_POOLS, type TestDatabases, testDatabases } from '../support/databases';

/**
 * A small world as the flow leaves it: an order paid net of fee and split with points, after an attempt that was cancelled;
 * a late payment of a closed order in suspense; an expired order; an open one. All of it is older than any grace.
 */
export interface AuditWorld extends TestDatabases {
  readonly ids: Readonly<Record<'merchant' | 'channel' | 'endpoint' | 'payee', string>>;
  readonly paid: Settled;
  readonly late: Settled;
  sql(schema: keyof TestDatabases['databases'], text: string): Promise<void>;
  /** Adds a receipt with an order of its own, up to a given commit of the flow. */
  settle(upTo: 'tried' | 'decided' | 'confirmed' | 'posted'): Promise<Settled>;
}

export interface Settled {
  readonly order: string;
  readonly receipt: string;
  readonly gid: Gid;
}

interface Money {
  readonly outcome: 'order_paid' | 'suspense';
  readonly branches: readonly { participant: 'accounts' | 'points'; branch: string; legs: readonly Leg[] }[];
  readonly credits: readonly { to: string; party: string; amount: string }[];
  readonly pointsValue: string | null;
}

const ids = createIds(systemClock);
export const sealer = createSealer([Buffer.alloc(32, 7)]);
const LONG_AGO = `clock_timestamp() - interval '1 hour'`;

export async function buildAuditWorld(options: { separate?: boolean } = {}): Promise<AuditWorld> {
  const world = await testDatabases({ ...PATIENT_POOLS, ...options });
  const { databases } = world;
  const sql = async (schema: keyof typeof databases, text: string): Promise<void> => {
    await databases[schema].knex.raw(text);
  };
  const known = { merchant: ids.next(), channel: ids.next(), endpoint: ids.next(), payee: ids.next() };
  await sql(
    'orders',
    `insert into orders.merchants (id, name) values ('${known.merchant}', 'shop');
     insert into orders.channels (id, name, provider, receiving_account, live, serves_all)
       values ('${known.channel}', 'cards', 'stripe', 'acct', true, true);
     insert into orders.notification_endpoints (id, merchant_id, url, schedule, success_rule, sealed_secret)
       values ('${known.endpoint}', '${known.merchant}', 'https://shop.example', '[0, 5]', 'status_2xx', 'v1');`,
  );
  await sql(
    'accounts',
    `insert into accounts.accounts (id, code, kind, owner, unit, name)
       values ('${known.payee}', 'payee/${known.payee}', 'payee', '${known.merchant}', 'USD', 'promoter')`,
  );
  const flow = createFlow(world, sql, known);
  const paid = await flow.settle('posted', 1);
  const late = await flow.settleLate();
  const expired = ids.next();
  await sql('orders', flow.order(expired, `'expired', null`) + flow.notify(expired, 'order.expired'));
  await sql('orders', flow.order(ids.next(), `'open', null`));
  return { ...world, ids: known, paid, late, sql, settle: (upTo) => flow.settle(upTo) };
}

function createFlow({ databases }: TestDatabases, sql: AuditWorld['sql'], known: AuditWorld['ids']) {
  const participants = {
    accounts: createParticipant({ db: databases.accounts, ids }),
    points: createParticipant({ db: databases.points, ids }),
  };
  const books = createVoucherConsumer({
    db: databases.accounting,
    sealer,
    logger: { info: () => undefined },
  });
  let number = 0;

  const order = (id: string, statusAndPaidBy: string): string => {
    number += 1;
    return `insert into orders.orders (id, merchant_id, merchant_order_no, payment_reference, amount, currency, fee, status, paid_by, ended_at, final_xact)
       values ('${id}', '${known.merchant}', 'no ${number}', 'ref${number}', 100, 'USD', 3, ${statusAndPaidBy}, ${LONG_AGO}, pg_current_xact_id());`;
  };
  const notify = (orderId: string, type: string): string => {
    const id = ids.next();
    return `insert into orders.notifications (id, merchant_id, order_id, endpoint_id, type, payload, status, attempts, enqueued_until, ended_at)
         values ('${id}', '${known.merchant}', '${orderId}', '${known.endpoint}', '${type}', '{"data": {"status": "${type.replace('order.', '')}"}}', 'delivered', 2, now(), now());
       insert into orders.notification_attempts (notification_id, number, status)
         values ('${id}', 1, 'failed'), ('${id}', 2, 'succeeded');`;
  };
  const receive = async (receipt: string, orderId: string): Promise<void> => {
    const body = `body of ${receipt}`;
    await sql(
      'orders',
      `insert into orders.receipts (id, provider, receiving_account, provider_reference, channel_id, amount, currency,
         order_id, status, next_try_at, received_at)
       values ('${receipt}', 'stripe', 'acct', '${receipt}', '${known.channel}', 100, 'USD', '${orderId}', 'settling',
         ${LONG_AGO}, ${LONG_AGO});
       insert into orders.callback_bodies (for_a_person, id, body) values (false, '${receipt}', '${body}');
       insert into orders.inbox_events (id, channel_id, event_key, verdict, receipt_id, outcome, callback_id, body_hash)
       values ('${ids.next()}', '${known.channel}', '${receipt}', 'payment_succeeded', '${receipt}', 'receipt', '${receipt}',
         '${createHash('sha256').update(body).digest('hex')}');`,
    );
  };
  const open = async (settled: Settled, money: Money): Promise<void> => {
    const plan = JSON.stringify({ branches: money.branches, outcome: money.outcome });
    await sql(
      'orders',
      `insert into orders.global_transactions (gid, receipt_id, order_id, pays_order, status, plan, legs_hash, deadline, next_try_at)
       values ('${settled.gid}', '${settled.receipt}', '${settled.order}', ${money.outcome === 'order_paid'}, 'trying', '${plan}',
         '${legsHash(money)}', ${LONG_AGO}, ${LONG_AGO})`,
    );
    for (const { participant, branch, legs } of money.branches) {
      const [answer] = await participants[participant].try([{ gid: settled.gid, branch, legs }]);
      if (answer?.kind !== 'held') throw new Error(`Try answered ${JSON.stringify(answer)}`);
    }
  };
  /** One commit, as the flow has it, with what is done along with it. */
  const decide = (settled: Settled, money: Money, along: string): Promise<void> =>
    sql(
      'orders',
      `update orders.global_transactions set status = 'confirming', decided_at = ${LONG_AGO} where gid = '${settled.gid}';
       update orders.receipts set status = 'decided', outcome = '${money.outcome}', in_suspense = ${money.outcome === 'suspense'}, decided_at = ${LONG_AGO}
         where id = '${settled.receipt}';
       insert into orders.outbox (id, topic, event_key, version, payload, enqueued_until)
         values ('${ids.next()}', 'voucher', '${settled.receipt}', 1, '{}', now());
       ${along}`,
    );
  const confirm = async (settled: Settled, money: Money): Promise<void> => {
    for (const { participant, branch } of money.branches) {
      await participants[participant].confirm([{ gid: settled.gid, branch }]);
    }
    await sql(
      'orders',
      `update orders.global_transactions set status = 'confirmed', ended_at = ${LONG_AGO} where gid = '${settled.gid}';
       update orders.receipts set status = 'settled', settled_at = ${LONG_AGO} where id = '${settled.receipt}';`,
    );
  };
  const post = async (settled: Settled, money: Money): Promise<void> => {
    const payload = {
      kind: 'receipt_settled',
      receiptId: settled.receipt,
      orderId: settled.order,
      gid: settled.gid,
      channel: 'cards',
      currency: 'USD',
      gross: '100.00',
      credits: money.credits,
      pointsValue: money.pointsValue,
      merchantId: known.merchant,
      legsHash: legsHash(money),
      occurredAt: '2026-11-21T01:02:03.456Z',
    };
    const message = { id: ids.next<'message'>(), topic: 'voucher', eventKey: settled.receipt, version: 1, payload };
    const [answer] = await books.consume([{ ...message, traceparent: null }]);
    if (answer?.kind !== 'done') throw new Error(JSON.stringify(answer));
    await sql('orders', `update orders.outbox set status = 'done' where event_key = '${settled.receipt}'`);
  };
  const cancelOnce = async (settled: Settled, money: Money): Promise<void> => {
    const attempt = { ...settled, gid: ids.next<'transaction'>() };
    await open(attempt, money);
    for (const { participant, branch } of money.branches) {
      await participants[participant].cancel([{ gid: attempt.gid, branch }]);
    }
    await sql(
      'orders',
      `update orders.global_transactions set status = 'cancelled', cancelled = true, ended_at = ${LONG_AGO} where gid = '${attempt.gid}'`,
    );
  };
  const begin = (): Settled => ({ order: ids.next(), receipt: ids.next(), gid: ids.next() });

  return {
    order,
    notify,
    settle: async (upTo: 'tried' | 'decided' | 'confirmed' | 'posted', cancelled = 0): Promise<Settled> => {
      const settled = begin();
      const money = payment(known);
      await sql('orders', order(settled.order, `'open', null`));
      await receive(settled.receipt, settled.order);
      for (let attempt = 0; attempt < cancelled; attempt += 1) await cancelOnce(settled, money);
      await open(settled, money);
      if (upTo === 'tried') return settled;
      await decide(
        settled,
        money,
        `update orders.orders set status = 'paid', paid_by = '${settled.receipt}', final_xact = pg_current_xact_id() where id = '${settled.order}';` +
          notify(settled.order, 'order.paid'),
      );
      if (upTo === 'decided') return settled;
      await confirm(settled, money);
      if (upTo === 'posted') await post(settled, money);
      return settled;
    },
    settleLate: async (): Promise<Settled> => {
      const settled = begin();
      const money = suspense();
      await sql('orders', order(settled.order, `'closed', null`) + notify(settled.order, 'order.closed'));
      await receive(settled.receipt, settled.order);
      await open(settled, money);
      await decide(
        settled,
        money,
        `insert into orders.incidents (id, kind, subject, receipt_id)
         values ('${ids.next()}', 'late_payment', '${settled.receipt}', '${settled.receipt}')`,
      );
      await confirm(settled, money);
      await post(settled, money);
      return settled;
    },
  };
}

function payment({ merchant, payee }: AuditWorld['ids']): Money {
  const fund = { kind: 'merchant', owner: merchant, unit: 'USD' };
  const customer = { kind: 'customer', owner: `${merchant}/ann`, unit: 'POINTS' };
  return {
    outcome: 'order_paid',
    branches: [
      {
        participant: 'accounts',
        branch: 'fund',
        legs: [
          { account: `merchant/${merchant}/USD`, direction: 'in', amount: '92.00', opens: fund },
          {
            account: 'fees/USD',
            direction: 'in',
            amount: '3.00',
            opens: { kind: 'fees', owner: 'quittance', unit: 'USD' },
          },
          { account: `payee/${payee}`, direction: 'in', amount: '5.00' },
        ],
      },
      {
        participant: 'points',
        branch: 'points',
        legs: [{ account: `customer/${merchant}/ann`, direction: 'in', amount: '100', opens: customer }],
      },
    ],
    credits: [
      { to: 'merchant', party: merchant, amount: '92.00' },
      { to: 'fees', party: '', amount: '3.00' },
      { to: 'payee', party: `payee/${payee}`, amount: '5.00' },
    ],
    pointsValue: '1.00',
  };
}

function suspense(): Money {
  const opens = { kind: 'suspense', owner: 'quittance', unit: 'USD' };
  const legs: Leg[] = [{ account: 'suspense/USD', direction: 'in', amount: '100.00', opens }];
  return {
    outcome: 'suspense',
    branches: [{ participant: 'accounts', branch: 'fund', legs }],
    credits: [{ to: 'suspense', party: '', amount: '100.00' }],
    pointsValue: null,
  };
}

function legsHash({ branches }: Money): string {
  return contentHash(
    branches.map(({ participant, branch, legs }) => ({
      participant,
      branch,
      legs: legs.map(({ account, direction, amount }) => ({ account, direction, amount })),
    })),
  );
}
