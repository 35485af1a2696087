import { z } from 'zod';
import { Problem } from '../core/errors';

/**
 * Lists are given page by page, in the order of a key that rows never change. The cursor is opaque to callers: it holds
 * the key of the last row they have seen, so that rows which arrive meanwhile neither repeat nor hide others.
 */
export interface Page {
  readonly limit: number;
  /** The key of the last row of the page before; undefined for the first page. */
  readonly after: string | undefined;
}

export interface Listed<Shown> {
  readonly data: readonly Shown[];
  readonly next_cursor: string | null;
}

/** The fields of a query that every list takes; spread them into the list's own schema. */
export const pageFields = {
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'is a whole number from 1 to 100')
    .optional()
    // A query is text; what it says here is a number.
    .meta({ sent: { type: 'integer', minimum: 1, maximum: 100, default: 20 } }),
  cursor: z.string().max(600, 'is too long').optional(),
};

/** What kind of key a list is ordered by: what else a cursor holds was not made by us. */
const KEYS = {
  id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  number: /^\d{1,18}$/,
  /** Of a transaction and a row in it: the order in which changes became visible. */
  position: /^\d{1,19}\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  text: /^[^\p{Cc}\p{Surrogate}]{1,300}$/u,
} as const;
export type CursorKey = keyof typeof KEYS;

/**
 * The page that a query asks for: 20 rows where it does not say.
 * @throws Problem `invalid_cursor`
 */
export function readPage(
  query: { readonly limit?: string | undefined; readonly cursor?: string | undefined },
  key: CursorKey = 'id',
): Page {
  const after = query.cursor === undefined ? undefined : openCursor(query.cursor, key);
  return { limit: Number(query.limit ?? '20'), after };
}

/** How many rows a store reads for a page: one more than it shows, to know whether there is a next. */
export function rowsToRead(page: Page): number {
  return page.limit + 1;
}

/** @param rows what a store gave for `rowsToRead(page)` */
export function listed<Row, Shown>(
  rows: readonly Row[],
  page: Page,
  show: (row: Row) => Shown,
  keyOf: (row: Row) => string,
): Listed<Shown> {
  const shown = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? shown.at(-1) : undefined;
  return { data: shown.map(show), next_cursor: last === undefined ? null : makeCursor(keyOf(last)) };
}

/** The opaque form of a key, for lists that give a cursor even where nothing follows yet. */
export function makeCursor(after: string): string {
  return Buffer.from(JSON.stringify({ after })).toString('base64url');
}

function openCursor(cursor: string, key: CursorKey): string {
  const after = readAfter(cursor);
  if (after === undefined || !KEYS[key].test(after)) {
    throw new Problem('invalid_cursor', 'take the cursor as it was given in "next_cursor" of the same list');
  }
  return after;
}

function readAfter(cursor: string): string | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (typeof content !== 'object' || content === null || !('after' in content)) return undefined;
    return typeof content.after === 'string' ? content.after : undefined;
  } catch {
    return undefined;
  }
}
