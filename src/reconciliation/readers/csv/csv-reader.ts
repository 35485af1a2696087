import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { clip } from '../../../core/clip';
import type { FileMapping } from '../../mapping-schemas';
import { type ExpectedTotals, type Reason, type StatementLine, StatementRefused } from '../../statement-line';
import { placeColumns, valueCleaner } from './columns';
import { decode } from './decode';
import { type Totals, createTotals } from './footer';
import { type ReadRow, lineReader } from './line-reader';

export interface CsvOptions {
  readonly mapping: FileMapping;
  /** Of times that name none. */
  readonly timeZone: string;
  readonly receivingAccount: string;
  readonly statementDate: string;
  readonly expected: ExpectedTotals;
  readonly batch: number;
  readonly mostLines: number;
}

/** A single row is a few hundred characters; a quote that is never closed would gather the whole file into one. */
const LONGEST_ROW = 64 * 1024;
const MOST_REASONS = 10;

interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a statement in CSV, in lists of lines that never hold more than `batch`, and proves it: every row is a line or one
 * that the mapping ignores, and the totals of the footer and of the caller are those of the lines. What was given before it
 * fails must not be used: only whoever has read it to its end has a statement.
 * @returns how many lines there were
 * @throws StatementRefused with the lines that are wrong, ten at most
 */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  options: CsvOptions,
): AsyncGenerator<readonly StatementLine[], number> {
  const { mapping } = options;
  const reasons: Reason[] = [];
  const totals = createTotals();
  const file = rowsOf(chunks, mapping);
  const interpret = interpreter(options);
  let batch: StatementLine[] = [];
  for await (const { fields, number } of file) {
    const row = interpret.row(fields, number);
    if (row === undefined) continue;
    take(row, number, totals, reasons, batch);
    if (reasons.length >= MOST_REASONS) throw new StatementRefused(reasons);
    if (totals.lines() > options.mostLines) {
      throw new StatementRefused([{ reason: `the file has more than ${options.mostLines} lines` }]);
    }
    if (batch.length < options.batch) continue;
    yield batch;
    batch = [];
  }
  reasons.push(...interpret.missing());
  reasons.push(...totals.againstFooter(mapping, interpret.footer()), ...totals.againstExpected(options.expected));
  if (reasons.length > 0) throw new StatementRefused(reasons);
  if (batch.length > 0) yield batch;
  return totals.lines();
}

function take(row: ReadRow, number: number, totals: Totals, reasons: Reason[], batch: StatementLine[]): void {
  if (row.kind === 'wrong') reasons.push({ line: number, reason: row.reason });
  else if (row.kind === 'ignored') totals.ignore();
  else {
    totals.add(row.line);
    batch.push(row.line);
  }
}

interface Interpreter {
  /** Undefined where the row is the header, the footer or one that the mapping leaves out. */
  row(fields: readonly string[], number: number): ReadRow | undefined;
  footer(): readonly string[] | undefined;
  missing(): readonly Reason[];
}

function interpreter(options: CsvOptions): Interpreter {
  const { mapping } = options;
  const open = (header: readonly string[] | undefined) =>
    lineReader({ ...options, places: placeColumns(mapping, header) });
  let read = mapping.header ? undefined : open(undefined);
  let footer: readonly string[] | undefined;
  let isOver = false;
  const footerRow = (fields: readonly string[]): boolean => {
    const { footer: expected } = mapping;
    if (expected === undefined) return false;
    if (isOver) {
      footer ??= fields;
      return true;
    }
    isOver = fields[0]?.startsWith(expected.first_field) === true;
    if (isOver && expected.values === 'same_line') footer = fields;
    return isOver;
  };
  return {
    row: (fields, number) => {
      const first = fields[0] ?? '';
      if (footerRow(fields) || mapping.ignore_lines_starting_with.some((prefix) => first.startsWith(prefix))) {
        return undefined;
      }
      if (read !== undefined) return read(fields, number);
      read = open(fields);
      return undefined;
    },
    footer: () => footer,
    missing: () => (read === undefined ? [{ reason: 'the file has no header line: it is empty' }] : []),
  };
}

async function* rowsOf(
  chunks: AsyncIterable<Buffer>,
  mapping: FileMapping,
): AsyncGenerator<{ fields: readonly string[]; number: number }> {
  const clean = valueCleaner(mapping.strip);
  const parser = parse({
    delimiter: mapping.delimiter,
    quote: mapping.quote === '' ? false : mapping.quote,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
    info: true,
  });
  const source = Readable.from(decode(chunks, mapping.encoding));
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<Row>) {
      const fields = record.map(clean);
      if (fields.some((field) => field !== '')) yield { fields, number: info.lines };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new StatementRefused([
      { line: Number(error['lines'] ?? 1), reason: `it is not CSV: ${clip(error.message, 200)}` },
    ]);
  } finally {
    source.destroy();
    parser.destroy();
  }
}
