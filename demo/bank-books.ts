import type { BankBooks, BankCounts, BankTotal, Delivery, Sort } from './bank-calls';
import { toMinor } from './minor-units';
import type { Payment as SentPayment } from './signing';
import type { BookedPayment } from './statement';

export type Answered = 'acknowledged' | 'refused' | 'tryAgain' | 'unreachable';

/** What the bank keeps of its own: what it sent, what was acknowledged, and which answers were wrong. */
export interface Books {
  /** A delivery begins. */
  begin(delivery: Delivery): void;
  /** A delivery has all its answers. */
  end(delivery: Delivery): void;
  answered(kind: Answered): void;
  /** The service has taken what the delivery says. */
  acknowledge(delivery: Delivery): void;
  wrong(sentence: string): void;
  /** The money is there and its callback is lost. */
  lose(channel: string, payment: SentPayment): void;
  /** All payments of a channel, by their ids. */
  payments(channel: string): readonly BookedPayment[];
  counts(): BankCounts;
  show(): BankBooks;
}

interface Payment {
  readonly channel: string;
  readonly currency: string;
  readonly minor: bigint;
  readonly sent: SentPayment;
  readonly lost: boolean;
  acknowledged: boolean;
}

const WRONG_ANSWERS_KEPT = 20;

export function createBankBooks(): Books {
  const payments = new Map<string, Payment>();
  const sent: Partial<Record<Sort, number>> = {};
  const answers: Record<Answered, number> = { acknowledged: 0, refused: 0, tryAgain: 0, unreachable: 0 };
  const wrongAnswers: string[] = [];
  const refunded = new Set<string>();
  let open = 0;

  const totals = (acknowledged: boolean): BankTotal[] => {
    const sums = new Map<string, BankTotal>();
    for (const payment of payments.values()) {
      if (payment.acknowledged !== acknowledged) continue;
      const { channel, currency } = payment;
      const before = sums.get(`${channel} ${currency}`);
      const minor = (before?.minor ?? 0n) + payment.minor;
      sums.set(`${channel} ${currency}`, { channel, currency, payments: (before?.payments ?? 0) + 1, minor });
    }
    return [...sums.values()];
  };
  const counts = (): BankCounts => ({
    requests: Object.values(answers).reduce((sum, count) => sum + count, 0),
    ...answers,
    open,
  });
  return {
    begin: (delivery) => {
      if (delivery.expects !== 'not_yet') open += 1;
      sent[delivery.sort] = (sent[delivery.sort] ?? 0) + (delivery.copies ?? 1);
      for (const event of delivery.events) {
        if (event.kind === 'refund') refunded.add(`${delivery.channel} ${event.payment.id}`);
      }
      for (const { name, payment } of paymentsOf(delivery)) {
        // What was said first stands: the same payment with another amount is no more money.
        if (!payments.has(name)) payments.set(name, payment);
      }
    },
    end: () => {
      open -= 1;
    },
    answered: (kind) => {
      answers[kind] += 1;
    },
    acknowledge: (delivery) => {
      for (const { name } of paymentsOf(delivery)) {
        const payment = payments.get(name);
        if (payment !== undefined) payment.acknowledged = true;
      }
    },
    wrong: (sentence) => {
      if (wrongAnswers.length < WRONG_ANSWERS_KEPT) wrongAnswers.push(sentence);
    },
    lose: (channel, payment) => {
      const booked = { ...bookedAs(channel, payment), lost: true, acknowledged: true };
      payments.set(`${channel} ${payment.id}`, booked);
    },
    payments: (channel) =>
      [...payments]
        .filter(([, payment]) => payment.channel === channel)
        .map(
          ([
            name,
            {
              sent: { id, reference, amount, currency },
              lost,
            },
          ]) => ({
            id,
            reference,
            amount,
            currency,
            refunded: refunded.has(name),
            lost,
          }),
        )
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    counts,
    show: () => ({
      counts: counts(),
      sent: { ...sent },
      acknowledged: totals(true),
      waiting: totals(false),
      wrongAnswers,
    }),
  };
}

/** The money that a delivery speaks of; a forgery's is none. */
function paymentsOf({ channel, events, expects }: Delivery): { name: string; payment: Payment }[] {
  if (expects === 'refused' || expects === 'too_large') return [];
  return events
    .filter((event) => event.kind === 'paid')
    .map(({ payment }) => ({
      name: `${channel} ${payment.id}`,
      payment: { ...bookedAs(channel, payment), lost: false, acknowledged: false },
    }));
}

function bookedAs(channel: string, sent: SentPayment) {
  return { channel, currency: sent.currency, minor: toMinor(sent.amount, sent.currency), sent };
}
