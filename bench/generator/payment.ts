import { createHash } from 'node:crypto';
import { type Ids, type MerchantId, type OrderId, createIds, showId } from '../../src/core/ids';
import { Exact } from '../../src/core/money';
import { paymentReferenceOf } from '../../src/orders/payment-reference';
import { type Ledger, type LedgerAccount, type Payee, createLedger, fourDecimals } from './ledger';
import type { Write } from './tables';
import { CURRENCY, GROSS, type Terms, termsOf } from './terms';

/** The order is paid a minute after it was created. */
const PAID_AFTER_MS = 60_000;
/** One payment in so many is by a customer whom the merchant names, who gets points for it. */
const CUSTOMER_EVERY = 10;
const CUSTOMERS = 20_000;

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly receivingAccount: string;
}

/** From when on a history still has what retention takes away, in milliseconds since 1970. */
export interface Kept {
  readonly transactionsSince: number;
  readonly holdsSince: number;
  readonly attemptsSince: number;
}

/** What the books are told of a payment. */
export interface Booked {
  readonly terms: Terms;
  readonly orderId: string;
  readonly receiptId: string;
  readonly gid: string;
  readonly decidedMs: number;
}

export interface Payments {
  readonly funds: Ledger;
  readonly points: Ledger;
  readonly cleaned: { transactions: Cleaned; accounts: Cleaned; points: Cleaned; attempts: Cleaned };
  /** Writes all rows of the payment of this number, whose order was created then, but those of the books. */
  write(number: number, createdMs: number): Booked;
}

/** What retention has taken away of one kind. */
export interface Cleaned {
  through: string;
  count: number;
}

/** Payments as the service leaves them behind when everything is done. */
export function createPayments(payees: readonly Payee[], channel: Channel, kept: Kept, write: Write): Payments {
  let nowMs = 0;
  const clock = { now: () => new Date(nowMs), elapsed: () => 0 };
  // A sequence of ids for each kind: payments overlap, and each sequence goes forward only.
  const each = (): Ids => createIds(clock);
  const ids = { order: each(), receipt: each(), event: each(), callback: each(), gid: each(), entry: each() };
  const more = { message: each(), notification: each(), account: each(), points: each() };
  const funds = createLedger(more.account);
  const points = createLedger(more.account);
  const none = (): Cleaned => ({ through: '', count: 0 });
  const cleaned = { transactions: none(), accounts: none(), points: none(), attempts: none() };
  const known = new Map<string, Terms>();
  const termsFor = (merchantId: MerchantId, amount: string, customer: string | null): Terms => {
    if (customer !== null) return termsOf(merchantId, channel.name, amount, customer);
    const key = `${merchantId} ${amount}`;
    const met = known.get(key) ?? termsOf(merchantId, channel.name, amount, null);
    known.set(key, met);
    return met;
  };
  return {
    funds,
    points,
    cleaned,
    write: (number, createdMs) => {
      const payee = payees[number % payees.length];
      if (payee === undefined) throw new Error('a history needs merchants');
      const named = number % CUSTOMER_EVERY === 0 ? `customer-${(number / CUSTOMER_EVERY) % CUSTOMERS}` : null;
      const terms = termsFor(payee.merchantId, GROSS[number % GROSS.length] ?? GROSS[0], named);
      nowMs = createdMs;
      const orderId = ids.order.next<'order'>();
      nowMs = createdMs + PAID_AFTER_MS;
      const [receivedAt, decidedAt] = [isoTime(nowMs), isoTime(nowMs + 40)];
      const [confirmedAt, endedAt] = [isoTime(nowMs + 70), isoTime(nowMs + 120)];
      const receiptId = ids.receipt.next<'receipt'>();
      const gid = ids.gid.next<'transaction'>();
      const trace = `00-${gid.replaceAll('-', '')}-${receiptId.slice(-12)}0000-00`;
      const order = { id: orderId, merchantId: payee.merchantId, customer: named, number, terms };
      const times = { createdAt: isoTime(createdMs), receivedAt, decidedAt, confirmedAt, endedAt };
      const shown = { reference: paymentReferenceOf(orderId), orderNo: `A-${number}` };
      writeOrder();
      writeCallback();
      if (nowMs >= kept.transactionsSince) writeTransaction();
      else note(cleaned.transactions, gid);
      writeNotification();
      writeMovements();
      return { terms, orderId, receiptId, gid, decidedMs: nowMs + 40 };

      function writeOrder(): void {
        write('orders.orders', [
          ...[orderId, order.merchantId, shown.orderNo, shown.reference, terms.amount, CURRENCY, terms.fee],
          ...[named ?? '\\N', terms.points, terms.pointsValue, 'paid', receiptId, times.createdAt, decidedAt, '3'],
        ]);
      }

      function writeCallback(): void {
        const reference = receiptId.replaceAll('-', '').slice(-18);
        const callbackId = ids.callback.next<'callback'>();
        const body =
          `{"type":"payment.succeeded","timestamp":"${receivedAt}","data":{"id":"pay_${reference}",` +
          `"reference":"${shown.reference}","amount":"${terms.amount}","currency":"${CURRENCY}",` +
          `"account":"${channel.receivingAccount}","live":true}}`;
        write('orders.callback_bodies', ['f', callbackId, `\\\\x${Buffer.from(body).toString('hex')}`, receivedAt]);
        write('orders.receipts', [
          ...[receiptId, channel.provider, channel.receivingAccount, `pay_${reference}`, channel.id, terms.amount],
          ...[CURRENCY, shown.reference, orderId, 'settled', 'order_paid', receivedAt, decidedAt, endedAt, trace, gid],
        ]);
        write('orders.inbox_events', [
          ...[ids.event.next<'event'>(), channel.id, `msg_${reference} payment_succeeded pay_${reference}`],
          ...['payment_succeeded', `pay_${reference}`, shown.reference, receiptId, 'receipt'],
          ...['{"type":"payment.succeeded"}', sha256(body), receivedAt, trace, callbackId],
        ]);
      }

      function writeTransaction(): void {
        write('orders.global_transactions', [
          ...[gid, receiptId, orderId, 't', 'confirmed', terms.planJson, terms.legsHash, isoTime(nowMs + 10_000)],
          ...[receivedAt, decidedAt, endedAt],
        ]);
        const message = { ...terms.message, receiptId, orderId, gid, occurredAt: decidedAt };
        write('orders.outbox', [
          ...[more.message.next<'message'>(), 'voucher', receiptId, '1', JSON.stringify(message), 'done', '1'],
          ...[isoTime(nowMs + 12_040), decidedAt, decidedAt, endedAt, trace],
        ]);
      }

      function writeNotification(): void {
        const id = more.notification.next<'notification'>();
        const isKept = nowMs >= kept.attemptsSince;
        write('orders.notifications', [
          ...[id, order.merchantId, orderId, payee!.endpointId, 'order.paid', payloadOf(id, order, shown, times)],
          ...['delivered', '1', isoTime(nowMs + 45_000), endedAt, decidedAt, endedAt, trace, '"standard"'],
          isKept ? '0' : '1',
        ]);
        if (isKept) write('orders.notification_attempts', [id, '1', 'succeeded', '204', '57', confirmedAt, endedAt]);
        else note(cleaned.attempts, id);
      }

      function writeMovements(): void {
        const [fund, granted] = terms.plan.branches;
        if (fund !== undefined) writeBranch('accounts', funds, fund, terms.holdHashes[0] ?? '');
        if (granted !== undefined) writeBranch('points', points, granted, terms.holdHashes[1] ?? '');
      }

      function writeBranch(
        schema: 'accounts' | 'points',
        ledger: Ledger,
        branch: Terms['plan']['branches'][number],
        contentHash: string,
      ): void {
        const moved = branch.legs.map((leg) => ({
          account: ledger.account(leg.account, leg.opens ?? HOUSE, receivedAt),
          amount: new Exact(leg.amount),
        }));
        if (nowMs >= kept.holdsSince) {
          write(`${schema}.holds`, [
            ...[gid, branch.branch, 'confirmed', contentHash, `{${moved.map(({ account }) => account.id).join(',')}}`],
            `{${moved.map(() => 'f').join(',')}}`,
            `{${moved.map(({ amount }) => fourDecimals(amount)).join(',')}}`,
            ...[receivedAt, confirmedAt],
          ]);
        } else note(cleaned[schema], gid);
        for (const { account, amount } of moved) writeEntry(schema, account, amount, branch.branch);
      }

      function writeEntry(schema: 'accounts' | 'points', account: LedgerAccount, amount: Exact, branch: string): void {
        account.balance = account.balance.plus(amount);
        account.entries += 1;
        const id = (schema === 'accounts' ? ids.entry : more.points).next<'entry'>();
        write(`${schema}.entries`, [
          ...[id, account.id, String(account.entries), gid, branch, fourDecimals(amount)],
          ...[fourDecimals(account.balance), confirmedAt],
        ]);
      }
    },
  };
}

const HOUSE = { kind: 'fees', owner: 'quittance', unit: CURRENCY };

function note(cleaned: Cleaned, key: string): void {
  cleaned.through = key;
  cleaned.count += 1;
}

interface ShownOrder {
  readonly id: OrderId;
  readonly customer: string | null;
  readonly terms: Terms;
}

function payloadOf(
  id: ReturnType<Ids['next']>,
  { id: orderId, customer, terms }: ShownOrder,
  { reference, orderNo }: { readonly reference: string; readonly orderNo: string },
  { createdAt, decidedAt }: { readonly createdAt: string; readonly decidedAt: string },
): string {
  return JSON.stringify({
    type: 'order.paid',
    timestamp: decidedAt,
    id: showId('notification', id),
    data: {
      ...{ id: showId('order', orderId), merchant_order_no: orderNo, payment_reference: reference },
      ...{ amount: terms.amount, currency: CURRENCY, fee: terms.fee, net: terms.net, splits: [], channels: null },
      ...{ customer, points: terms.points, status: 'paid', description: null, metadata: {} },
      ...{ created_at: createdAt, expires_at: null, paid_at: decidedAt, ended_at: null },
    },
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
