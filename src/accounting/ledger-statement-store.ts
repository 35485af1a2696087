import { type Tx, statement } from '../consistency/transaction';
import { type PartyKey, type Place, inMonthsOf } from './past-balances-store';
import { utc } from './vouchers-store';

export interface LedgerEntryRow {
  readonly link_number: string;
  readonly position: number;
  readonly line: number;
  readonly voucher_id: string;
  readonly kind: string;
  readonly description: string;
  readonly order_id: string | null;
  readonly receipt_id: string | null;
  readonly gid: string | null;
  readonly occurred_at: string;
  readonly posted_at: string;
  readonly debit: string;
  readonly credit: string;
}

/**
 * Lines are taken in the order of their links from the index: a page of them with the rest of its last link, and only these
 * are joined with their vouchers. Where in a link its voucher lies matters in the link in which the page before has ended.
 */
const ENTRIES = statement(
  'accounting.postings.of_party',
  `select p.link_number, v.position, p.line, v.id as voucher_id, v.kind, v.description, v.order_id, v.receipt_id, v.gid,
          ${utc('v.occurred_at')} as occurred_at, ${utc('v.posted_at')} as posted_at, p.debit, p.credit
     from (select link_number, voucher_id, line, debit, credit from accounting.postings l
            where account = $1 and party = $2 and currency = $3 and link_number >= $4::bigint and link_number <= $7::bigint
              and ${inMonthsOf('$4::bigint', '$7::bigint')}
              and (link_number > $4::bigint
                   or ((select position from accounting.vouchers where id = l.voucher_id), line) > ($5::int, $6::int))
            order by link_number fetch first ($8::int) rows with ties) p
    cross join lateral (select * from accounting.vouchers where id = p.voucher_id offset 0) v
    order by p.link_number, v.position, p.line limit $8`,
);

export const ledgerStatementStore = {
  /** The lines after a place and up to a link, in the order of the chain. */
  entries: (
    tx: Tx<'accounting'>,
    key: PartyKey,
    range: { readonly after: Place; readonly upToLink: string },
    limit: number,
  ): Promise<LedgerEntryRow[]> => {
    const { link, position, line } = range.after;
    return tx.query(ENTRIES, [key.account, key.party, key.currency, link, position, line, range.upToLink, limit]);
  },
};
