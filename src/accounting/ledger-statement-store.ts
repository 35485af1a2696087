import { type Tx, statement } from '../consistency/transaction';
import type { PartyKey, Place } from './past-balances-store';
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

const ENTRIES = statement(
  'accounting.postings.of_party',
  `select v.link_number, v.position, p.line, v.id as voucher_id, v.kind, v.description, v.order_id, v.receipt_id, v.gid,
          ${utc('v.occurred_at')} as occurred_at, ${utc('v.posted_at')} as posted_at, p.debit, p.credit
     from accounting.vouchers v join accounting.postings p on p.voucher_id = v.id
    where p.account = $1 and p.party = $2 and p.currency = $3
      and v.link_number >= $4::bigint and (v.link_number, v.position, p.line) > ($4::bigint, $5::int, $6::int)
      and v.link_number <= $7::bigint
    order by v.link_number, v.position, p.line limit $8`,
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
