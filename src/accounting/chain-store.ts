import { type Queryable, statement } from '../consistency/transaction';
import { utc } from './vouchers-store';

export interface LinkRow {
  readonly number: string;
  readonly previous_hash: string;
  readonly hash: string;
  readonly vouchers: number;
  readonly key_id: string;
  readonly signature: string;
  readonly posted_at: string;
}

export interface VoucherRow {
  readonly id: string;
  readonly link_number: string;
  readonly position: number;
  readonly kind: string;
  readonly event_key: string;
  readonly description: string;
  readonly order_id: string | null;
  readonly receipt_id: string | null;
  readonly gid: string | null;
  readonly legs_hash: string | null;
  readonly content_hash: string;
  readonly lines: number;
  readonly occurred_at: string;
  readonly posted_at: string;
}

export interface PostingRow {
  readonly voucher_id: string;
  readonly line: number;
  readonly account: string;
  readonly party: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

export const VOUCHER_COLUMNS = `v.id, v.link_number, v.position, v.kind, v.event_key, v.description, v.order_id, v.receipt_id, v.gid,
  v.legs_hash, v.content_hash, v.lines, ${utc('v.occurred_at')} as occurred_at, ${utc('v.posted_at')} as posted_at`;

const LINKS = statement(
  'accounting.links.page',
  `select number, previous_hash, hash, vouchers, key_id, signature, ${utc('created_at')} as posted_at
     from accounting.links where number > $1::bigint order by number limit $2`,
);

const VOUCHERS = statement(
  'accounting.vouchers.of_links',
  `select ${VOUCHER_COLUMNS} from accounting.vouchers v
    where v.link_number between $1::bigint and $2::bigint order by v.link_number, v.position`,
);

const POSTINGS = statement(
  'accounting.postings.of_vouchers',
  `select voucher_id, line, account, party, currency, debit, credit from accounting.postings
    where voucher_id = any($1::uuid[]) order by voucher_id, line`,
);

/** Reads the chain in its order, page by page. */
export const chainStore = {
  links: (db: Queryable<'accounting'>, after: string, limit: number): Promise<LinkRow[]> =>
    db.query(LINKS, [after, limit]),
  vouchers: (db: Queryable<'accounting'>, first: string, last: string): Promise<VoucherRow[]> =>
    db.query(VOUCHERS, [first, last]),
  postings: (db: Queryable<'accounting'>, voucherIds: readonly string[]): Promise<PostingRow[]> =>
    db.query(POSTINGS, [voucherIds]),
};
