import { type Queryable, type Tx, statement } from '../consistency/transaction';
import { type PostingRow, VOUCHER_COLUMNS, type VoucherRow, chainStore } from './chain-store';

export interface LedgerAccountRow {
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly normal_side: 'debit' | 'credit';
  readonly party: string;
}

/** What was posted to an account in one currency, over all parties or of one. Amounts are the database's numerics. */
export interface LedgerSum {
  readonly account: string;
  readonly name: string;
  readonly normal_side: 'debit' | 'credit';
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

export interface PartySum extends LedgerSum {
  readonly party: string;
}

export interface PartyKey {
  readonly account: string;
  readonly currency: string;
  readonly party: string;
}

export interface VoucherFilter {
  readonly orderId: string | undefined;
  readonly receiptId: string | undefined;
}

/** Sums over all postings take longer than a statement of the payment flow may. */
const ALLOW_LONG = statement('accounting.postings.allow_long', `select set_config('statement_timeout', '30s', true)`);

const CHART_ROWS = statement(
  'accounting.ledger_accounts.list',
  'select code, name, type, normal_side, party from accounting.ledger_accounts order by code',
);

const TRIAL_BALANCE = statement(
  'accounting.postings.trial_balance',
  `select p.account, a.name, a.normal_side, p.currency, p.debit, p.credit
     from (select account, currency, sum(debit) as debit, sum(credit) as credit
             from accounting.postings group by account, currency) p
     join accounting.ledger_accounts a on a.code = p.account
    order by p.account, p.currency`,
);

const BY_PARTY = statement(
  'accounting.postings.by_party',
  `select p.account, a.name, a.normal_side, p.currency, p.party, p.debit, p.credit
     from (select account, currency, party, sum(debit) as debit, sum(credit) as credit
             from accounting.postings where (account, currency, party) > ($1, $2, $3)
            group by account, currency, party order by account, currency, party limit $4) p
     join accounting.ledger_accounts a on a.code = p.account
    order by p.account, p.currency, p.party`,
);

const NEWEST = 'order by v.id desc limit $2';
const BEFORE = '($1::uuid is null or v.id < $1::uuid)';
const SELECT = `select ${VOUCHER_COLUMNS} from accounting.vouchers v`;

const VOUCHERS = statement('accounting.vouchers.list', `${SELECT} where ${BEFORE} ${NEWEST}`);
const VOUCHERS_OF_ORDER = statement(
  'accounting.vouchers.list_of_order',
  `${SELECT} where ${BEFORE} and v.order_id = $3::uuid and ($4::uuid is null or v.receipt_id = $4::uuid) ${NEWEST}`,
);
const VOUCHERS_OF_RECEIPT = statement(
  'accounting.vouchers.list_of_receipt',
  `${SELECT} where ${BEFORE} and v.receipt_id = $3::uuid ${NEWEST}`,
);

/** Reads of the books for people. */
export const ledgerStore = {
  chart: (db: Queryable<'accounting'>): Promise<LedgerAccountRow[]> => db.query(CHART_ROWS),
  trialBalance: async (tx: Tx<'accounting'>): Promise<LedgerSum[]> => {
    await tx.query(ALLOW_LONG);
    return tx.query(TRIAL_BALANCE);
  },
  byParty: (db: Queryable<'accounting'>, after: PartyKey, limit: number): Promise<PartySum[]> =>
    db.query(BY_PARTY, [after.account, after.currency, after.party, limit]),
  /** Newest first. */
  vouchers: (
    db: Queryable<'accounting'>,
    { orderId, receiptId }: VoucherFilter,
    before: string | undefined,
    limit: number,
  ): Promise<VoucherRow[]> => {
    const page = [before ?? null, limit];
    if (orderId !== undefined) return db.query(VOUCHERS_OF_ORDER, [...page, orderId, receiptId ?? null]);
    if (receiptId !== undefined) return db.query(VOUCHERS_OF_RECEIPT, [...page, receiptId]);
    return db.query(VOUCHERS, page);
  },
  postings: (tx: Tx<'accounting'>, voucherIds: readonly string[]): Promise<PostingRow[]> =>
    chainStore.postings(tx, voucherIds),
};
