import type { Sealer } from '../core/sealing';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { GENESIS, hashOfLink, headText } from './chain';
import { type LinkRow, type PostingRow, type VoucherRow, chainStore } from './chain-store';
import { hashOfContent } from './voucher';

export interface ChainHeadSeen {
  readonly number: string;
  readonly hash: string;
}

export interface ChainReport {
  readonly links: number;
  readonly vouchers: number;
  /** The newest link that was reached; undefined for empty books. */
  readonly head: ChainHeadSeen | undefined;
  /** The first link where the chain breaks, and why; undefined where it holds. */
  readonly broken: { readonly link: string; readonly reason: string } | undefined;
}

export interface VerifyOptions {
  /** A head from the log: the chain must still lead through it. */
  readonly seen?: ChainHeadSeen;
}

/** How many links are read at once, and how many vouchers are held in memory at once. */
const LINKS = 500;
const VOUCHERS = 2_000;

/**
 * Recomputes the chain from the rows of the books, in one snapshot, in pages: every posting is under its voucher's hash,
 * every voucher under its link's, every link under the next, and the head under the master key. Signatures of older links
 * are checked where the present key made them; a key that has been rotated away is not needed for them, because they lie
 * under the head's.
 */
export async function verifyChain(
  db: Database<'accounting'>,
  sealer: Sealer,
  options: VerifyOptions = {},
): Promise<ChainReport> {
  return inTransaction(
    db,
    async (tx) => {
      const walk = createWalk(sealer, options);
      for (let links = await chainStore.links(tx, '0', LINKS); links.length > 0;) {
        for (const part of partsOf(links)) if (!walk.take(part, ...(await contentOf(tx, part)))) return walk.report();
        links = await chainStore.links(tx, links.at(-1)?.number ?? '0', LINKS);
      }
      walk.end();
      return walk.report();
    },
    'repeatable read',
  );
}

interface Walk {
  /** False where the chain is broken, and there is nothing more to verify. */
  take(links: readonly LinkRow[], vouchers: readonly VoucherRow[], postings: readonly PostingRow[]): boolean;
  end(): void;
  report(): ChainReport;
}

function createWalk(sealer: Sealer, { seen }: VerifyOptions): Walk {
  const presentKey = sealer.sign('').keyId;
  let links = 0;
  let vouchers = 0;
  let head: LinkRow | undefined;
  let broken: ChainReport['broken'];

  const fault = (
    link: LinkRow,
    own: readonly VoucherRow[],
    postings: ReadonlyMap<string, PostingRow[]>,
  ): string | undefined => {
    if (BigInt(link.number) !== BigInt(head?.number ?? '0') + 1n)
      return `link ${link.number} does not follow in number`;
    if (link.previous_hash !== (head?.hash ?? GENESIS)) return 'it does not name the hash of the link before it';
    if (seen?.number === link.number && seen.hash !== link.hash) return 'its hash is not the one that the log has';
    if (link.key_id === presentKey && !signed(sealer, link)) return 'its signature is wrong';
    return contentFault(link, own, postings);
  };

  return {
    take: (page, rows, lines) => {
      const postings = groupBy(lines, (line) => line.voucher_id);
      const byLink = groupBy(rows, (row) => row.link_number);
      for (const link of page) {
        const own = byLink.get(link.number) ?? [];
        const reason = fault(link, own, postings);
        if (reason !== undefined) {
          broken = { link: link.number, reason };
          return false;
        }
        links += 1;
        vouchers += own.length;
        head = link;
      }
      return true;
    },
    end: () => {
      if (head !== undefined && !signed(sealer, head)) {
        broken = { link: head.number, reason: 'the head is not signed by any configured master key' };
      } else if (seen !== undefined && BigInt(head?.number ?? '0') < BigInt(seen.number)) {
        broken = { link: seen.number, reason: 'the log has this link and the books do not: the tail was cut off' };
      }
    },
    report: () => ({ links, vouchers, head: head && { number: head.number, hash: head.hash }, broken }),
  };
}

function signed(sealer: Sealer, link: LinkRow): boolean {
  return sealer.verify(headText(link.number, link.hash), link.key_id, link.signature);
}

function contentFault(
  link: LinkRow,
  vouchers: readonly VoucherRow[],
  postings: ReadonlyMap<string, readonly PostingRow[]>,
): string | undefined {
  if (vouchers.length !== link.vouchers) return `it says ${link.vouchers} vouchers and has ${vouchers.length}`;
  for (const [index, voucher] of vouchers.entries()) {
    const lines = postings.get(voucher.id) ?? [];
    if (voucher.position !== index + 1) return `voucher ${voucher.id} is not at its position`;
    if (voucher.posted_at !== link.posted_at) return `voucher ${voucher.id} was posted at another time`;
    if (lines.length !== voucher.lines)
      return `voucher ${voucher.id} has ${lines.length} lines and says ${voucher.lines}`;
    if (contentHashOf(voucher, lines) !== voucher.content_hash)
      return `the content of voucher ${voucher.id} has another hash`;
  }
  const recomputed = hashOfLink({
    number: link.number,
    previousHash: link.previous_hash,
    postedAt: link.posted_at,
    vouchers: vouchers.map((voucher) => ({ id: voucher.id, contentHash: voucher.content_hash })),
  });
  return recomputed === link.hash ? undefined : 'its hash is not the hash of its vouchers';
}

function contentHashOf(voucher: VoucherRow, lines: readonly PostingRow[]): string {
  return hashOfContent({
    kind: voucher.kind,
    eventKey: voucher.event_key,
    description: voucher.description,
    orderId: voucher.order_id,
    receiptId: voucher.receipt_id,
    gid: voucher.gid,
    legsHash: voucher.legs_hash,
    occurredAt: voucher.occurred_at,
    postings: lines,
  });
}

async function contentOf(
  tx: Tx<'accounting'>,
  links: readonly LinkRow[],
): Promise<[vouchers: VoucherRow[], postings: PostingRow[]]> {
  const vouchers = await chainStore.vouchers(tx, links[0]?.number ?? '0', links.at(-1)?.number ?? '0');
  const postings = await chainStore.postings(
    tx,
    vouchers.map((voucher) => voucher.id),
  );
  return [vouchers, postings];
}

/** Cuts a page so that each part has few enough vouchers, or is one link. */
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

function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
