import type { VoucherId } from '../core/ids';
import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';
import type { Posting, VoucherContent } from './voucher';

export interface ChainHead {
  /** The number that the next link gets. */
  readonly next: string;
  readonly hash: string | null;
  /** When the next link is posted, RFC 3339 in UTC with six decimals: the database's present, and after the head. */
  readonly now: string;
}

export interface NewLink {
  readonly number: string;
  readonly previousHash: string;
  readonly hash: string;
  readonly vouchers: number;
  readonly keyId: string;
  readonly signature: string;
  readonly postedAt: string;
}

export interface NewVoucher extends VoucherContent {
  readonly id: VoucherId;
  readonly contentHash: string;
  /** Its place in the link, from 1. */
  readonly position: number;
}

interface NewPosting {
  readonly voucherId: VoucherId;
  /** Its place in the voucher, from 1. */
  readonly line: number;
  readonly posting: Posting;
}

export interface VoucherKey {
  readonly kind: string;
  readonly eventKey: string;
}

/** PostgreSQL's format of a time as RFC 3339 in UTC with six decimals. */
export function utc(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

const LOCK_HEAD = statement(
  'accounting.links.lock_head',
  `select pg_advisory_xact_lock(hashtextextended('quittance books chain', 0))`,
);

/**
 * A link is posted after the one before it and after every instant that a balance has been told for, whatever the clock
 * says: a clock that steps back must not put a posting into a past that somebody has read.
 */
const POSTED_NOW = `greatest(clock_timestamp(), l.created_at + interval '1 microsecond', h.instant + interval '1 microsecond')`;

const READ_HEAD = statement(
  'accounting.links.read_head',
  `select (coalesce(l.number, 0) + 1)::text as next, l.hash, ${utc(POSTED_NOW)} as now
     from (select 1) as always
     left join (select number, hash, created_at from accounting.links order by number desc limit 1) l on true
     left join accounting.horizon h on true`,
);

const FIND = statement(
  'accounting.vouchers.find',
  `select v.kind, v.event_key, v.content_hash from accounting.vouchers v
     join unnest($1::text[], $2::text[]) as k(kind, event_key) on v.kind = k.kind and v.event_key = k.event_key`,
);

const keyColumns = columnsOf<VoucherKey>(
  (key) => key.kind,
  (key) => key.eventKey,
);

const INSERT_LINK = statement(
  'accounting.links.insert',
  `insert into accounting.links (number, previous_hash, hash, vouchers, key_id, signature, created_at)
   values ($1::bigint, $2, $3, $4, $5, $6, $7::timestamptz)`,
);

const INSERT_VOUCHERS = statement(
  'accounting.vouchers.insert',
  `insert into accounting.vouchers
     (link_number, posted_at, id, position, kind, event_key, description, order_id, receipt_id, gid, legs_hash, content_hash,
      lines, occurred_at)
   select $1::bigint, $2::timestamptz, n.*
     from unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::uuid[], $10::uuid[],
                 $11::text[], $12::text[], $13::int[], $14::timestamptz[]) as n`,
);
const voucherColumns = columnsOf<NewVoucher>(
  (voucher) => voucher.id,
  (voucher) => voucher.position,
  (voucher) => voucher.kind,
  (voucher) => voucher.eventKey,
  (voucher) => voucher.description,
  (voucher) => voucher.orderId,
  (voucher) => voucher.receiptId,
  (voucher) => voucher.gid,
  (voucher) => voucher.legsHash,
  (voucher) => voucher.contentHash,
  (voucher) => voucher.postings.length,
  (voucher) => voucher.occurredAt,
);

const INSERT_POSTINGS = statement(
  'accounting.postings.insert',
  `insert into accounting.postings (voucher_id, line, account, party, currency, debit, credit, link_number)
   select n.*, $8::bigint
     from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::numeric[]) as n`,
);
const postingColumns = columnsOf<NewPosting>(
  (line) => line.voucherId,
  (line) => line.line,
  ({ posting }) => posting.account,
  ({ posting }) => posting.party,
  ({ posting }) => posting.currency,
  ({ posting }) => posting.debit,
  ({ posting }) => posting.credit,
);

export const vouchersStore = {
  /**
   * Waits until no other commit to the books is under way, until the transaction ends. It is a statement of its own and
   * comes first: what is read in a statement that waits for a lock is older than the lock. An advisory lock, because the
   * first link has no row before it that could be locked.
   */
  lockHead: (tx: Tx<'accounting'>): void => {
    tx.send(LOCK_HEAD);
  },
  /** Under the lock. */
  readHead: async (tx: Tx<'accounting'>): Promise<ChainHead> => {
    const [head] = await tx.query<ChainHead>(READ_HEAD);
    if (head === undefined) throw new Error('the head of the chain gave no row');
    return head;
  },
  find: (
    tx: Tx<'accounting'>,
    keys: readonly VoucherKey[],
  ): Promise<{ kind: string; event_key: string; content_hash: string }[]> => tx.query(FIND, keyColumns(keys)),
  insertLink: (tx: Tx<'accounting'>, link: NewLink): void => {
    const { number, previousHash, hash, vouchers, keyId, signature, postedAt } = link;
    tx.send(INSERT_LINK, [number, previousHash, hash, vouchers, keyId, signature, postedAt]);
  },
  insertVouchers: (tx: Tx<'accounting'>, link: NewLink, vouchers: readonly NewVoucher[]): void => {
    tx.send(INSERT_VOUCHERS, [link.number, link.postedAt, ...voucherColumns(vouchers)]);
    tx.send(INSERT_POSTINGS, [...postingColumns(postingsOf(vouchers)), link.number]);
  },
};

function postingsOf(vouchers: readonly NewVoucher[]): NewPosting[] {
  const postings: NewPosting[] = [];
  for (const { id, postings: own } of vouchers)
    for (const [index, posting] of own.entries()) postings.push({ voucherId: id, line: index + 1, posting });
  return postings;
}
