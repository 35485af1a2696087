import { divide, exponentOf, fromMinor, toMinor } from './minor-units';

/** A payment as the bank knows it, whatever became of its callback. */
export interface BookedPayment {
  readonly id: string;
  readonly reference: string | undefined;
  readonly amount: string;
  readonly currency: string;
  /** The bank has told us that it was paid back. */
  readonly refunded: boolean;
  /** The bank has never told us of it. */
  readonly lost: boolean;
}

/** A day's statement, and what must be found in it: by whoever wrote it, not by whoever reads it. */
export interface WrittenStatement {
  readonly file: string;
  readonly plan: Readonly<Record<string, number>>;
  /** The incidents that must come of it. */
  readonly incidents: Readonly<Record<string, number>>;
}

/** The share of a payment that the bank keeps, in thousandths. */
export const FEE_PER_MILLE = 9n;

const HEADER = 'Deres ref;Vår ref;Beløp;Gebyr;Valuta;Status';
/** A statement as Nordic banks write one: decimal commas, semicolons, words of their own, and a footer with the count. */
export const STATEMENT_MAPPING = {
  delimiter: ';',
  decimal_separator: ',',
  thousands_separator: '.',
  ignore_lines_starting_with: ['#'],
  columns: {
    payment_reference: 'Deres ref',
    provider_reference: 'Vår ref',
    amount: 'Beløp',
    fee: 'Gebyr',
    currency: 'Valuta',
    status: 'Status',
  },
  status_words: { paid: ['bokført'], failed: ['avvist'], refunded: ['refundert'], ignored: ['utbetaling'] },
  footer: { first_field: 'Sum', count: 2 },
};

interface Written {
  readonly reference: string;
  readonly id: string;
  readonly minor: bigint;
  readonly fee: bigint;
  readonly currency: string;
  readonly status: string;
}

/**
 * The statement of today, with a difference of every kind, and that of tomorrow, which explains two of them.
 * @param payments what the bank has in its books for the channel
 */
export function writeStatements(payments: readonly BookedPayment[]): {
  readonly today: WrittenStatement;
  readonly tomorrow: WrittenStatement;
} {
  const known = payments.filter((payment) => !payment.lost);
  const [missing, amount, currency, fee, failed, twice, repaid] = known.filter((payment) => !payment.refunded);
  const lines = payments.flatMap((payment): readonly Written[] => {
    const line = lineOf(payment);
    switch (payment) {
      case missing:
        return [];
      case amount:
        return [{ ...line, minor: line.minor + oneUnit(line.currency) }];
      case currency: {
        const other = line.currency === 'EUR' ? 'USD' : 'EUR';
        return [{ ...line, currency: other, minor: 1_234n, fee: feeOf(1_234n) }];
      }
      case fee:
        return [{ ...line, fee: line.fee + 7n * oneUnit(line.currency) }];
      case failed:
        return [{ ...line, status: 'avvist' }];
      case twice:
        return [line, line];
      case repaid:
        return [line, { ...line, fee: 0n, status: 'refundert' }];
      default:
        return [line];
    }
  });
  const attempt = { reference: 'nobodyhaseverorderedthat', id: 'attempt-1', status: 'avvist' };
  const others: readonly Written[] = [
    { ...attempt, minor: 500n, fee: 0n, currency: 'EUR' },
    { ...attempt, id: 'payout-1', minor: 99_900n, fee: 0n, currency: 'EUR', status: 'utbetaling' },
  ];
  const count = (...found: readonly unknown[]): number => found.filter((one) => one !== undefined).length;
  const differing = count(amount, currency, fee, failed);
  const plan = {
    matched: known.length - count(missing) - differing,
    recovered: payments.length - known.length,
    waiting_at_bank: count(missing),
    not_money: 1,
  };
  const found = {
    amount_difference: count(amount),
    currency_difference: count(currency),
    fee_difference: count(fee),
    status_difference: count(failed),
    duplicate_line: count(twice),
    refund_unknown: count(repaid),
  };
  const explained = [missing, amount].flatMap((payment) => (payment === undefined ? [] : [lineOf(payment)]));
  return {
    today: { file: render([...lines, ...others]), plan: { ...plan, ...found }, incidents: asIncidents(found) },
    tomorrow: { file: render(explained), plan: { matched: explained.length }, incidents: {} },
  };
}

function asIncidents(found: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(found).map(([name, times]) => [`reconciliation_${name}`, times]));
}

function lineOf({ id, reference, amount, currency }: BookedPayment): Written {
  const minor = toMinor(amount, currency);
  // Some banks print references in capitals.
  return { id, reference: (reference ?? '').toUpperCase(), minor, fee: feeOf(minor), currency, status: 'bokført' };
}

function feeOf(minor: bigint): bigint {
  return divide(minor * FEE_PER_MILLE, 1_000n, 'half_up');
}

/** Gateways take three-decimal currencies with a zero at the end. */
function oneUnit(currency: string): bigint {
  return exponentOf(currency) === 3 ? 10n : 1n;
}

function render(lines: readonly Written[]): string {
  const rows = lines.map(({ reference, id, minor, fee, currency, status }) =>
    [reference, id, nordic(fromMinor(minor, currency)), nordic(fromMinor(fee, currency)), currency, status].join(';'),
  );
  return ['# Kontoutskrift', HEADER, ...rows, `Sum;${lines.length}`, ''].join('\r\n');
}

/** "12345.60" as "12.345,60". */
function nordic(amount: string): string {
  const [whole = '', fraction] = amount.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '.');
  return fraction === undefined ? grouped : `${grouped},${fraction}`;
}
