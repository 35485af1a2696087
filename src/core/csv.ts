/**
 * A cell of a CSV file. A text is whatever somebody wrote; a number is an amount or a count of ours, which must reach the
 * spreadsheet as it is, the minus sign included.
 */
export type CsvCell = string | { readonly number: string } | null;

/** Where a text begins like this, spreadsheets take it for a formula (OWASP, "CSV Injection"). */
const FORMULA = /^\s*[=+\-@\t\r\n]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** One line as RFC 4180 has it, with its line break. Texts that would be formulas get an apostrophe in front. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') {
    if (!NUMBER.test(cell.number)) throw new Error('a cell that is no number was given as one');
    return cell.number;
  }
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n\t;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
