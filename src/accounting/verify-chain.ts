import type { Sealer } from '../core/sealing';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { GENESIS, hashOfLink, headText } from './chain';
import { type BooksFault, booksFaultsStore } from './books-faults-store';
import { type ChainPart, groupBy, readChain } from './chain-pages';
import type { LinkRow, PostingRow, VoucherRow } from './chain-store';
import { verifyCheckpoints } from './verify-checkpoints';
import { hashOfContent, imbalanceOf } from './voucher';

export interface ChainHeadSeen {
  readonly number: string;
  readonly hash: string;
}

export interface ChainReport {
  readonly links: number;
  readonly vouchers: number;
  /** The newest link that was reached; undefined for empty books. */
  readonly head: ChainHeadSeen | undefined;
  /** How many checkpoints of past balances hold. */
  readonly checkpoints: number;
  /** The first link where the books break, and why; undefined where they hold. */
  readonly broken: BooksFault | undefined;
}

export interface VerifyOptions {
  /** A head from the log: the chain must still lead through it. */
  readonly seen?: ChainHeadSeen;
}

/**
 * Recomputes the chain from the rows of the books, in one snapshot, in pages: every posting is under its voucher's hash,
 * every voucher under its link's, every link under the next, and the head under the master key. Signatures of older links
 * are checked where the present key made them; a key that has been rotated away is not needed for them, because they lie
 * under the head's. Then what no link leads to: rows that hang in the air, the chart, the checkpoints of past balances.
 */
export async function verifyChain(
  db: Database<'accounting'>,
  sealer: Sealer,
  options: VerifyOptions = {},
): Promise<ChainReport> {
  return inTransaction(
    db,
    'books.verify_chain',
    async (tx) => {
      await booksFaultsStore.allowLong(tx);
      const walk = createWalk(sealer, options);
      for await (const part of readChain(tx, { after: '0' })) {
        if (!walk.take(part)) return { ...walk.report(), checkpoints: 0 };
      }
      walk.end();
      return beyondTheChain(tx, walk.report());
    },
    'repeatable read',
  );
}

async function beyondTheChain(tx: Tx<'accounting'>, chain: WalkReport): Promise<ChainReport> {
  const { fork, stray, chart } = booksFaultsStore;
  const broken = chain.broken ?? (await fork(tx)) ?? (await stray(tx)) ?? (await chart(tx));
  if (broken !== undefined) return { ...chain, checkpoints: 0, broken };
  const { checkpoints, fault } = await verifyCheckpoints(tx);
  return { ...chain, checkpoints, broken: fault };
}

type WalkReport = Omit<ChainReport, 'checkpoints'>;

interface Walk {
  /** False where the chain is broken, and there is nothing more to verify. */
  take(part: ChainPart): boolean;
  end(): void;
  report(): WalkReport;
}

function createWalk(sealer: Sealer, { seen }: VerifyOptions): Walk {
  const presentKey = sealer.sign('').keyId;
  let links = 0;
  let vouchers = 0;
  let head: LinkRow | undefined;
  let broken: ChainReport['broken'];

  const fault = (link: LinkRow, own: readonly VoucherRow[], postings: ChainPart['postings']): string | undefined => {
    if (BigInt(link.number) !== BigInt(head?.number ?? '0') + 1n)
      return `link ${link.number} does not follow in number`;
    if (link.previous_hash !== (head?.hash ?? GENESIS)) return 'it does not name the hash of the link before it';
    if (head !== undefined && link.posted_at <= head.posted_at) return 'it was not posted after the link before it';
    if (seen?.number === link.number && seen.hash !== link.hash) return 'its hash is not the one that the log has';
    if (link.key_id === presentKey && !signed(sealer, link)) return 'its signature is wrong';
    return contentFault(link, own, postings);
  };

  return {
    take: ({ links: page, vouchers: rows, postings }) => {
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
    const imbalance = imbalanceOf(lines);
    if (imbalance !== undefined) return `voucher ${voucher.id} does not balance: ${imbalance}`;
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
