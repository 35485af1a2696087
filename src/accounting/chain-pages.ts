import type { Queryable } from '../consistency/transaction';
import { type LinkRow, type PostingRow, type VoucherRow, chainStore } from './chain-store';

/** How many links are read at once, and how many vouchers are held in memory at once. */
const LINKS = 500;
const VOUCHERS = 2_000;

/** Some links that follow each other, with everything that lies under them. */
export interface ChainPart {
  readonly links: readonly LinkRow[];
  /** In the order of the chain. */
  readonly vouchers: readonly VoucherRow[];
  readonly postings: ReadonlyMap<string, readonly PostingRow[]>;
}

/**
 * Reads the chain in parts, each of which has few enough vouchers, or is one link.
 * @param range links after the one and up to the other; undefined for the newest
 */
export async function* readChain(
  db: Queryable<'accounting'>,
  range: { readonly after: string; readonly upTo?: string },
): AsyncGenerator<ChainPart, void, undefined> {
  const upTo = BigInt(range.upTo ?? '9223372036854775807');
  for (let page = await chainStore.links(db, range.after, LINKS); page.length > 0;) {
    const links = page.filter((link) => BigInt(link.number) <= upTo);
    for (const part of partsOf(links)) yield await contentOf(db, part);
    if (links.length < LINKS) return;
    page = await chainStore.links(db, links.at(-1)?.number ?? '0', LINKS);
  }
}

async function contentOf(db: Queryable<'accounting'>, links: readonly LinkRow[]): Promise<ChainPart> {
  const vouchers = await chainStore.vouchers(db, links[0]?.number ?? '0', links.at(-1)?.number ?? '0');
  const postings = await chainStore.postings(
    db,
    vouchers.map((voucher) => voucher.id),
  );
  return { links, vouchers, postings: groupBy(postings, (line) => line.voucher_id) };
}

function partsOf(links: readonly LinkRow[]): LinkRow[][] {
  const parts: LinkRow[][] = [];
  let room = 0;
  for (const link of links) {
    room -= link.vouchers;
    if (room < 0 || parts.length === 0) {
      parts.push([]);
      room = VOUCHERS - link.vouchers;
    }
    parts.at(-1)?.push(link);
  }
  return parts;
}

export function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
