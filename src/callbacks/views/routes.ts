import type { Database } from '../../consistency/transaction';
import { Problem } from '../../core/errors';
import { type Routes, createRoutes } from '../../http/operation';
import { listed, readPage, rowsToRead } from '../../http/pagination';
import { searchReceipts, viewReceipt } from './receipts-view-store';
import { showReceipt, showTransaction } from './show-receipt';
import { searchTransactions, viewTransaction } from './transactions-view-store';
import * as operations from './view-operations';

/** Mounted at /admin/receipts. */
export function createReceiptRoutes({ db }: { readonly db: Database<'orders'> }): Routes {
  const routes = createRoutes('Receipts');
  routes.serve(operations.searchReceipts, async ({ query }) => {
    const page = readPage(query);
    const rows = await searchReceipts(db, {
      channel: query.channel,
      status: query.status,
      outcome: query.outcome,
      providerReference: query.provider_reference,
      paymentReference: query.payment_reference,
      order: query.order,
      after: page.after,
      limit: rowsToRead(page),
    });
    return listed(rows, page, showReceipt, (row) => row.id);
  });
  routes.serve(operations.getReceipt, async ({ params }) => {
    const receipt = await viewReceipt(db, params.receipt_id);
    if (receipt === undefined) throw new Problem('not_found', 'there is no such receipt');
    return showReceipt(receipt);
  });
  return routes;
}

/** Mounted at /admin/transactions. */
export function createTransactionRoutes({ db }: { readonly db: Database<'orders'> }): Routes {
  const routes = createRoutes('Transactions');
  routes.serve(operations.searchTransactions, async ({ query }) => {
    const page = readPage(query);
    const rows = await searchTransactions(db, {
      status: query.status,
      ended: query.ended === undefined ? undefined : query.ended === 'true',
      receipt: query.receipt,
      after: page.after,
      limit: rowsToRead(page),
    });
    return listed(rows, page, showTransaction, (row) => row.gid);
  });
  routes.serve(operations.getTransaction, async ({ params }) => {
    const transaction = await viewTransaction(db, params.transaction_id);
    if (transaction === undefined) throw new Problem('not_found', 'there is no such transaction');
    return showTransaction(transaction);
  });
  return routes;
}
