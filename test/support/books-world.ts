import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { createSealer } from '../../src/core/sealing';
import { createVoucherConsumer } from '../../src/accounting/post-vouchers';
import { VOUCHER_TOPIC, type VoucherMessage } from '../../src/accounting/voucher-message';
import { PATIENT_POOLS, type TestDatabases, testDatabases } from './databases';

export type BooksWorld = Awaited<ReturnType<typeof booksWorld>>;

/** Books alone, with a consumer that posts what a test wants: each list is a commit, and so a link. */
export async function booksWorld() {
  const world: TestDatabases = await testDatabases(PATIENT_POOLS);
  const ids = createIds(systemClock);
  const sealer = createSealer([Buffer.alloc(32, 1)]);
  const heads: { number: string; hash: string }[] = [];
  const consumer = createVoucherConsumer({
    db: world.databases.accounting,
    sealer,
    logger: { info: (facts) => heads.push(facts as (typeof heads)[0]) },
  });
  const merchant = ids.next();

  const message = (changes: Partial<VoucherMessage>): VoucherMessage => ({
    kind: 'receipt_settled',
    receiptId: ids.next(),
    orderId: ids.next(),
    gid: ids.next(),
    channel: 'cards',
    currency: 'USD',
    gross: '100.00',
    credits:
      changes.gross === undefined
        ? [
            { to: 'merchant', party: merchant, amount: '97.10' },
            { to: 'fees', party: '', amount: '2.90' },
          ]
        : [{ to: 'merchant', party: merchant, amount: changes.gross }],
    pointsValue: null,
    merchantId: merchant,
    legsHash: 'b'.repeat(64),
    occurredAt: '2026-11-21T01:02:03.456Z',
    ...changes,
  });

  return {
    world,
    ids,
    sealer,
    /** Every head that was logged. */
    heads,
    merchant,
    payee: ids.next(),
    /** Posts a list in one link; fails where one of it is refused. */
    post: async (list: readonly Partial<VoucherMessage>[]): Promise<void> => {
      const messages = list.map((changes) => {
        const payload = message(changes);
        const head = { id: ids.next<'message'>(), topic: VOUCHER_TOPIC, eventKey: payload.receiptId };
        return { ...head, version: 1, payload, traceparent: null };
      });
      for (const answer of await consumer.consume(messages))
        if (answer.kind !== 'done') throw new Error(JSON.stringify(answer));
    },
    sql: async <R extends object>(text: string): Promise<R[]> =>
      (await world.databases.accounting.knex.raw<{ rows: R[] }>(text)).rows,
    /** Changes rows as somebody would who may do anything to the database. */
    tamper: async (text: string): Promise<void> => {
      await world.databases.accounting.knex.raw(
        `set session_replication_role = replica; ${text}; set session_replication_role = origin`,
      );
    },
    /** The database's present, with six decimals. */
    now: async (): Promise<string> => {
      const { rows } = await world.databases.accounting.knex.raw<{ rows: { now: string }[] }>(
        `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`,
      );
      return rows[0]!.now;
    },
  };
}
