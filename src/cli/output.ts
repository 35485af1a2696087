/** Anything that the API answers. */
export type Answer = Readonly<Record<string, unknown>>;

/** A column of a table: its heading, and how to read its cell. A text reads the field of that name. */
export type Column = string | readonly [heading: string, cell: (row: Answer) => unknown];

export interface Output {
  /** Writes a line to stdout. */
  line(text: string): void;
  /** Writes a text as it is. */
  text(text: string): void;
}

export const standardOutput: Output = {
  line: (text) => {
    process.stdout.write(`${text}\n`);
  },
  text: (text) => {
    process.stdout.write(text);
  },
};

/** Amounts and counts stand at the right, so that their digits stand below each other. */
const NUMBER = /^-?\d+(\.\d+)?$/;

/** A table of texts, columns as wide as their widest cell. */
export function table(rows: readonly Answer[], columns: readonly Column[]): string {
  const headings = columns.map((column) => (typeof column === 'string' ? column : column[0]).replaceAll('_', ' '));
  const cells = rows.map((row) =>
    columns.map((column) => text(typeof column === 'string' ? row[column] : column[1](row))),
  );
  const widths = headings.map((heading, at) => Math.max(heading.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const right = headings.map(
    (_, at) => cells.length > 0 && cells.every((row) => NUMBER.test(row[at] ?? '') || row[at] === '-'),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (right[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

/** One thing, a field per line. */
export function card(answer: Answer): string {
  const width = Math.max(0, ...Object.keys(answer).map((name) => name.length));
  return Object.entries(answer)
    .map(([name, value]) => `${name.replaceAll('_', ' ').padEnd(width)}  ${text(value)}`)
    .join('\n');
}

function text(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  // What came from outside must not be able to move the cursor or to colour the terminal.
  if (typeof value === 'string') return value.replace(/\p{Cc}/gu, '?');
  return JSON.stringify(value);
}
