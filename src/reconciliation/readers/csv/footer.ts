import { clip } from '../../../core/clip';
import { Exact } from '../../../core/money';
import type { FileMapping } from '../../mapping-schemas';
import { type ExpectedTotals, type Reason, type StatementLine } from '../../statement-line';
import { decimalReader } from './decimals';

/** The sums over a file, against which its footer and what the caller knows are held. */
export interface Totals {
  add(line: StatementLine): void;
  /** Counts a row that is no line for us; footers count it. */
  ignore(): void;
  readonly lines: () => number;
  /** What differs from the footer's fields, which are undefined where the file has none. */
  againstFooter(mapping: FileMapping, footer: readonly string[] | undefined): readonly Reason[];
  againstExpected(expected: ExpectedTotals): readonly Reason[];
}

export function createTotals(): Totals {
  const paid = new Map<string, Exact>();
  let refunded = new Exact(0);
  let fees = new Exact(0);
  let lines = 0;
  let ignored = 0;
  const allPaid = (): Exact => [...paid.values()].reduce((sum, one) => sum.plus(one), new Exact(0));
  return {
    add: (line) => {
      lines += 1;
      if (line.status === 'paid') paid.set(line.currency, (paid.get(line.currency) ?? new Exact(0)).plus(line.amount));
      if (line.status === 'refunded' || line.status === 'reversed') refunded = refunded.plus(line.amount);
      if (line.fee !== null) fees = fees.plus(line.fee);
    },
    ignore: () => {
      ignored += 1;
    },
    lines: () => lines,
    againstFooter: (mapping, fields) => {
      const { footer } = mapping;
      if (footer === undefined) return [];
      if (fields === undefined) return [{ reason: `there is no footer that begins with "${footer.first_field}"` }];
      const toDecimal = decimalReader(mapping);
      const compare = (what: string, position: number | undefined, is: Exact): Reason[] => {
        if (position === undefined) return [];
        const text = fields[position - 1] ?? '';
        const said = toDecimal(text);
        if (said === undefined) return [{ reason: `the footer's ${what} is "${clip(text, 40)}"` }];
        return is.eq(said) ? [] : [{ reason: `the footer's ${what} is ${said}, that of the lines is ${is.toFixed()}` }];
      };
      return [
        ...compare('count', footer.count, new Exact(lines + ignored)),
        ...compare('amount', footer.amount, allPaid()),
        ...compare('refunded amount', footer.refund_amount, refunded),
        ...compare('fee', footer.fee, fees),
      ];
    },
    againstExpected: ({ count, amounts = {} }) => [
      ...(count === undefined || count === lines
        ? []
        : [{ reason: `${count} lines were expected, there are ${lines}` }]),
      ...Object.entries(amounts).flatMap(([currency, amount]) => {
        const is = paid.get(currency) ?? new Exact(0);
        return is.eq(amount)
          ? []
          : [{ reason: `${amount} ${currency} were expected to be paid, the lines add up to ${is.toFixed()}` }];
      }),
    ],
  };
}
