import { Router } from 'express';
import type { Database } from '../consistency/transaction';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { parse } from '../http/parse';
import { ledgerAccountsQuery, trialBalanceQuery, vouchersQuery } from './accounting-schemas';
import { type PartyKey, ledgerStore } from './ledger-store';
import { readVouchers } from './read-vouchers';
import { showLedgerAccount, showPartyBalance, showTrialBalance, showVoucher } from './show-books';
import { readTrialBalance } from './trial-balance';

/** The books for the operator. Mounted at /admin. */
export function createAccountingRoutes({ db }: { readonly db: Database<'accounting'> }): Router {
  const router = Router();
  router.get('/trial-balance', async (req, res) => {
    parse(trialBalanceQuery, req.query, 'query');
    res.json(showTrialBalance(await readTrialBalance(db)));
  });
  router.get('/ledger-accounts', async (req, res) => {
    const page = readPage(parse(ledgerAccountsQuery, req.query, 'query'), 'text');
    const [chart, rows] = await Promise.all([
      ledgerStore.chart(db),
      ledgerStore.byParty(db, openKey(page.after), rowsToRead(page)),
    ]);
    res.json({ chart: chart.map(showLedgerAccount), ...listed(rows, page, showPartyBalance, makeKey) });
  });
  router.get('/vouchers', async (req, res) => {
    const query = parse(vouchersQuery, req.query, 'query');
    const page = readPage(query);
    const vouchers = await readVouchers(
      db,
      { orderId: query.order, receiptId: query.receipt },
      { before: page.after, limit: rowsToRead(page) },
    );
    res.json(listed(vouchers, page, showVoucher, (voucher) => voucher.id));
  });
  return router;
}

/** Neither a code nor a currency has a space in it; what follows the second one is the party. */
function makeKey({ account, currency, party }: PartyKey): string {
  return `${account} ${currency} ${party}`;
}

function openKey(after: string | undefined): PartyKey {
  const [account = '', currency = '', ...party] = (after ?? '').split(' ');
  return { account, currency, party: party.join(' ') };
}
