import type { Tracer } from '@opentelemetry/api';
import { assertNever } from '../core/errors';
import type { ReceiptId } from '../core/ids';
import { inSpan } from '../core/tracing';
import type { Coordinator, OpenTransaction } from '../consistency/tcc/coordinator';
import type { Begun } from './begin-settlements';
import type { Background } from './background';
import type { SettlementPlan } from './plan';
import type { IncomingEvent, Recorded } from './record-events';

/** What the bank may be told: `final` is settled as far as a bank is concerned and survives any crash. */
export type Settlement = 'final' | 'try_again';

export interface SettlePaymentDependencies {
  readonly record: (event: IncomingEvent) => Promise<Recorded>;
  readonly begin: (receipt: ReceiptId) => Promise<Begun>;
  readonly coordinator: Coordinator<SettlementPlan>;
  readonly background: Background;
  readonly tracer: Tracer;
}

export interface SettlePayment {
  /** @throws Unavailable, Overloaded: nothing may be acknowledged, and what was stored goes on by recovery */
  event(event: IncomingEvent): Promise<Settlement>;
  /** The same for a receipt that waits, whether or not the bank calls again. */
  receipt(receipt: ReceiptId): Promise<Settlement>;
}

/**
 * One payment, with the cheapest consistency that is still safe at each step:
 *
 * | step                                   | commit  | consistency                                           |
 * |----------------------------------------|---------|-------------------------------------------------------|
 * | the receipt claims its order           | A       | local transaction                                     |
 * | fund account and points are held       | B, C    | TCC: Try, side by side                                |
 * | the order is paid                      | D       | local transaction: the decision; now the bank is told |
 * | fund account and points are credited   | E, F    | TCC: Confirm, repeated until it succeeds              |
 * | the voucher is posted                  | after D | reliable message, written in D                        |
 * | the merchant is notified               | after D | best effort on a schedule, written in D               |
 */
export function createSettlePayment(deps: SettlePaymentDependencies): SettlePayment {
  const { record, begin, coordinator, background, tracer } = deps;
  const inFlight = new Map<ReceiptId, Promise<Settlement>>();

  const settle = (receipt: ReceiptId, transaction: Transaction): Promise<Settlement> =>
    inSpan(tracer, 'settle payment', transaction.traceparent, {}, () => settleOnce(receipt, transaction));

  const settleOnce = async (receipt: ReceiptId, transaction: Transaction): Promise<Settlement> => {
    const tried = await orGiveUp(transaction, coordinator.tryAll(transaction));
    switch (tried.kind) {
      case 'held':
        if ((await orGiveUp(transaction, coordinator.decide(transaction))) === 'abandoned') return again(receipt);
        background.run('confirm', coordinator.confirmAll(transaction), transaction);
        return 'final';
      case 'refused':
        // Only a refusal for a business reason changes where the money goes: the next attempt has a fresh gid and new legs.
        await coordinator.cancelAll(transaction, tried.refusals);
        return again(receipt);
      case 'late':
        return again(receipt);
      case 'mismatch':
        background.run('cancel', coordinator.cancelAll(transaction), transaction);
        return 'try_again';
      default:
        return assertNever(tried);
    }
  };

  /** Nobody waits for the deadline of an attempt that failed before its decision. What was decided after all stays so. */
  const orGiveUp = async <R>(transaction: Transaction, step: Promise<R>): Promise<R> => {
    try {
      return await step;
    } catch (error) {
      background.run('cancel', coordinator.cancelAll(transaction), transaction);
      throw error;
    }
  };

  /** Reads the receipt again: another process may have gone on, and where none has, this one does. */
  const again = async (receipt: ReceiptId): Promise<Settlement> => proceed(await begin(receipt));

  const proceed = async (begun: Begun): Promise<Settlement> => {
    switch (begun.kind) {
      case 'opened':
        return settle(begun.receiptId, begun.transaction);
      case 'final':
        return 'final';
      case 'in_flight':
      case 'waits':
        return 'try_again';
      default:
        return assertNever(begun);
    }
  };

  const settleInFlight = async ({
    receiptId,
    transaction,
  }: Extract<Begun, { kind: 'opened' }>): Promise<Settlement> => {
    try {
      return await settle(receiptId, transaction);
    } finally {
      inFlight.delete(receiptId);
    }
  };

  /** A repetition that arrives while its receipt is being settled here gets the answer of the first. */
  const join = async (begun: Begun): Promise<Settlement> => {
    if (begun.kind === 'in_flight') {
      await new Promise(setImmediate);
      return inFlight.get(begun.receiptId) ?? 'try_again';
    }
    if (begun.kind !== 'opened') return proceed(begun);
    const settling = settleInFlight(begun);
    inFlight.set(begun.receiptId, settling);
    background.keep(settling);
    return settling;
  };

  return {
    event: async (event) => {
      const recorded = await record(event);
      return recorded.kind === 'stored' ? 'final' : join(recorded);
    },
    receipt: async (receipt) => join(await begin(receipt)),
  };
}

type Transaction = OpenTransaction<SettlementPlan>;
