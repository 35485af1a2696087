/** What the audit promises to check: the numbers are those of ARCHITECTURE.md. */
export const GUARANTEES = {
  1: 'A verified receipt is never dropped; its money lands exactly once',
  2: 'An order is paid at most once',
  3: 'A callback that is not verified changes nothing',
  4: 'Every global transaction ends, the same way everywhere',
  5: 'A balance is the sum of its entries, and none goes below zero',
  6: 'Every receipt has one voucher, and the books balance',
  7: 'Entries, vouchers and postings never change',
  8: 'Every final order state has its notification, on schedule',
  9: 'What was acknowledged to a bank is kept',
} as const;
export type GuaranteeNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
const NUMBERS: readonly GuaranteeNumber[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Something that is not as it must be. The key names the row; the facts are what a person needs to look further. */
export interface Finding {
  readonly key: string;
  readonly what: string;
  readonly facts: Readonly<Record<string, string | null>>;
}

export interface GuaranteeReport {
  readonly number: GuaranteeNumber;
  readonly title: string;
  /** How many rows were looked at. */
  readonly checked: number;
  /** All violations; of these the first are listed. */
  readonly count: number;
  readonly violations: readonly Finding[];
}

export interface AuditReport {
  readonly ok: boolean;
  readonly guarantees: readonly GuaranteeReport[];
  /** The chain of the books as far as it holds. */
  readonly books: { readonly links: number; readonly vouchers: number; readonly head: string | null };
}

/** How many violations of one guarantee are listed. */
export const LISTED = 20;

/** Adds up what the checks find, in a memory that does not grow with the number of violations. */
export interface Tally {
  add(guarantee: GuaranteeNumber, result: { checked: number; count: number; findings: readonly Finding[] }): void;
  guarantees(): readonly GuaranteeReport[];
}

export function createTally(): Tally {
  const sums = new Map(NUMBERS.map((number) => [number, { checked: 0, count: 0, violations: [] as Finding[] }]));
  return {
    add: (guarantee, { checked, count, findings }) => {
      const sum = sums.get(guarantee);
      if (sum === undefined) throw new Error(`there is no guarantee ${String(guarantee)}`);
      sum.checked += checked;
      sum.count += count;
      sum.violations.push(...findings.slice(0, LISTED - sum.violations.length));
    },
    guarantees: () => [...sums].map(([number, sum]) => ({ number, title: GUARANTEES[number], ...sum })),
  };
}

/** The report as a table that a person reads. */
export function formatAudit(report: AuditReport): string {
  const width = Math.max(...report.guarantees.map((one) => one.title.length));
  const line = (number: string, title: string, checked: string, count: string): string =>
    `${number.padStart(2)}  ${title.padEnd(width)}  ${checked.padStart(12)}  ${count.padStart(10)}`;
  const listed = report.guarantees.flatMap((one) => [
    ...one.violations.map((violation) => `   ${one.number}: ${violation.what} (${factsOf(violation)})`),
    ...(one.count > one.violations.length ? [`   ${one.number}: and ${one.count - one.violations.length} more`] : []),
  ]);
  const total = report.guarantees.reduce((sum, one) => sum + one.count, 0);
  const { links, vouchers, head } = report.books;
  return [
    line('', 'guarantee', 'rows checked', 'violations'),
    ...report.guarantees.map((one) => line(String(one.number), one.title, String(one.checked), String(one.count))),
    ...(listed.length > 0 ? ['', ...listed] : []),
    '',
    `The books: ${vouchers} vouchers in ${links} links${head === null ? '' : `, head ${head}`}.`,
    total === 0 ? 'Every guarantee holds.' : `${total} violation${total === 1 ? '' : 's'}.`,
  ].join('\n');
}

function factsOf({ key, facts }: Finding): string {
  return [key, ...Object.entries(facts).map(([name, fact]) => `${name} ${fact ?? 'none'}`)].join(', ');
}
