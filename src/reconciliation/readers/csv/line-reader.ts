import { contentHash } from '../../../core/canonical';
import { clip } from '../../../core/clip';
import { exponentOf, isCurrency } from '../../../core/currencies';
import { Problem } from '../../../core/errors';
import { Exact, Money } from '../../../core/money';
import type { FileMapping } from '../../mapping-schemas';
import type { LineStatus, StatementLine } from '../../statement-line';
import type { ColumnPlaces } from './columns';
import { decimalReader } from './decimals';
import { timeReader } from './times';

/** What a row of the file is: a line, nothing that concerns us, or wrong in a way that a sentence tells. */
export type ReadRow =
  | { readonly kind: 'line'; readonly line: StatementLine }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'wrong'; readonly reason: string };

export interface LineReaderOptions {
  readonly mapping: FileMapping;
  readonly places: ColumnPlaces;
  readonly timeZone: string;
  readonly receivingAccount: string;
  /** Stands for the day of a line without a time, in what tells two lines without an id apart. */
  readonly statementDate: string;
}

const CONTROL = /[\p{Cc}\p{Surrogate}]/u;
const LONGEST_REFERENCE = 128;

/** Reads the cleaned fields of one row. */
export function lineReader(options: LineReaderOptions): (fields: readonly string[], number: number) => ReadRow {
  const { mapping, places } = options;
  const toDecimal = decimalReader(mapping);
  const toTime = timeReader(mapping.time_format, mapping.time_zone ?? options.timeZone);
  const statuses = statusWords(mapping);
  const field = (fields: readonly string[], place: number | undefined): string =>
    place === undefined ? '' : (fields[place] ?? '');

  const read = (fields: readonly string[], number: number): StatementLine | undefined => {
    const said = field(fields, places.status);
    const meant = mapping.columns.status === undefined ? 'paid' : statuses.get(said);
    if (meant === undefined) throw new Wrong(`"${shown(said)}" is not a status that the mapping knows`);
    if (meant === 'ignored') return undefined;
    const account = field(fields, places.account);
    if (mapping.columns.account !== undefined && account !== options.receivingAccount) {
      throw new Wrong(`it is of the account "${shown(account)}", not of ${options.receivingAccount}`);
    }
    const currency = (mapping.currency ?? field(fields, places.currency)).toUpperCase();
    if (!isCurrency(currency)) throw new Wrong(`"${shown(currency)}" is not a currency`);
    const inMajorUnits = (text: string): Exact => toMajor(mapping, toDecimal, text, currency);
    const takesBack = meant === 'refunded' || meant === 'reversed';
    const place = takesBack ? (places.refund_amount ?? places.amount) : places.amount;
    const signed = inMajorUnits(field(fields, place));
    // Without a column for the status, only the sign tells what is paid and what is paid back.
    const status = mapping.columns.status === undefined && signed.isNegative() ? 'refunded' : meant;
    if (status === 'paid' && !signed.gt(0)) throw new Wrong('a payment of zero or less');
    const feeText = field(fields, places.fee);
    const fee = feeText === '' ? null : feeOf(inMajorUnits(feeText), mapping);
    return identified(options, {
      number,
      status,
      providerReference: reference(field(fields, places.provider_reference)),
      paymentReference: reference(field(fields, places.payment_reference)),
      amount: money(signed.abs(), currency),
      currency,
      fee,
      occurredAt: timeOf(toTime, field(fields, places.time), mapping.columns.time !== undefined),
      lineId: reference(field(fields, places.line_id)),
    });
  };
  return (fields, number) => {
    try {
      const line = read(fields, number);
      return line === undefined ? { kind: 'ignored' } : { kind: 'line', line };
    } catch (error) {
      if (error instanceof Wrong) return { kind: 'wrong', reason: error.message };
      throw error;
    }
  };
}

/** What is wrong with a row; never leaves this file. */
class Wrong extends Error {}

function statusWords(mapping: FileMapping): ReadonlyMap<string, LineStatus | 'ignored'> {
  const meanings = Object.entries(mapping.status_words) as [LineStatus | 'ignored', string[]][];
  return new Map(meanings.flatMap(([meaning, words]) => words.map((word) => [word, meaning] as const)));
}

function toMajor(
  mapping: FileMapping,
  toDecimal: (text: string) => string | undefined,
  text: string,
  currency: string,
): Exact {
  const decimal = toDecimal(text);
  if (decimal === undefined || !isCurrency(currency)) throw new Wrong(`"${shown(text)}" is not an amount`);
  const amount = new Exact(decimal);
  if (mapping.units === 'major') return amount;
  if (!amount.isInteger()) throw new Wrong(`"${shown(text)}" is not a whole number of minor units`);
  return amount.div(new Exact(10).pow(mapping.minor_exponents[currency] ?? exponentOf(currency)));
}

/** Fees have more decimals than their currency (WeChat Pay's have five), so they are kept as they are. */
function feeOf(fee: Exact, mapping: FileMapping): string {
  if (fee.abs().gt('999999999999999') || fee.decimalPlaces() > 6) throw new Wrong(`${fee.toFixed()} is no fee`);
  return (mapping.fee_sign === 'cost_is_negative' ? fee.neg() : fee).toFixed();
}

function money(amount: Exact, currency: string): string {
  try {
    return Money.parse(amount.toFixed(), currency).toString();
  } catch (error) {
    if (error instanceof Problem) throw new Wrong(error.detail);
    throw error;
  }
}

/** References are compared and kept whole or not at all. A column that is empty, or holds the zero of some, names nothing. */
function reference(text: string): string | null {
  if (text === '' || text === '0') return null;
  if (text.length > LONGEST_REFERENCE) throw new Wrong(`a reference has more than ${LONGEST_REFERENCE} characters`);
  if (CONTROL.test(text)) throw new Wrong('a reference holds a control character');
  return text;
}

function timeOf(toTime: (text: string) => string | undefined, text: string, isExpected: boolean): string | null {
  if (!isExpected) return null;
  const time = toTime(text);
  if (time === undefined) throw new Wrong(`"${shown(text)}" is not a time in the mapping's format`);
  return time;
}

type Unidentified = Omit<StatementLine, 'identity' | 'identified'> & { readonly lineId: string | null };

/** Refunds of one payment repeat its number, so only a number of their own identifies them. */
function identified(options: LineReaderOptions, { lineId, ...line }: Unidentified): StatementLine {
  if (line.providerReference === null && line.paymentReference === null && line.status === 'paid' && lineId === null) {
    throw new Wrong('a payment without any reference');
  }
  const isPayment = line.status === 'paid' || line.status === 'failed';
  const id = lineId ?? (isPayment ? line.providerReference : null);
  if (id !== null) return { ...line, identity: `${line.status}:${id}`, identified: true };
  const content = { ...line, number: 0, day: line.occurredAt ?? options.statementDate };
  return { ...line, identity: `${line.status}:sha256:${contentHash(content)}`, identified: false };
}

function shown(text: string): string {
  return clip(text, 60).replace(/\p{Cc}/gu, '?');
}
