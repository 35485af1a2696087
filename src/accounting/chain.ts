import { contentHash } from '../core/canonical';

/**
 * The chain of the books. Each commit to the books appends one link: a hash over the vouchers of that commit and over the
 * link before it, so that nothing in the past can be changed, taken out or put in without every later hash changing. A
 * link covers a list, not a row, because the head is locked once per commit. The head is signed with the master key, and
 * written to the log, so that somebody who may write to the database can neither make a chain of his own nor cut off the
 * newest part unnoticed.
 */
export interface Link {
  /** 1 for the first; a bigint as a decimal string. */
  readonly number: string;
  readonly previousHash: string;
  /** When its vouchers were posted: RFC 3339 in UTC with six decimals. */
  readonly postedAt: string;
  /** In the order of their positions. */
  readonly vouchers: readonly { readonly id: string; readonly contentHash: string }[];
}

/** What the first link names as its predecessor. */
export const GENESIS = '0'.repeat(64);

export function hashOfLink(link: Link): string {
  return contentHash({
    number: link.number,
    posted_at: link.postedAt,
    previous_hash: link.previousHash,
    vouchers: link.vouchers.map(linked),
  });
}

function linked(voucher: Link['vouchers'][number]): [string, string] {
  return [voucher.id, voucher.contentHash];
}

/** The text that is signed for a head. */
export function headText(number: string, hash: string): string {
  return `quittance books ${number} ${hash}`;
}
