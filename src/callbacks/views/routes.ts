import type { Database } from '../../consistency/transaction';
import { Problem } from '../../core/errors';
import type { Gid, ReceiptId } from '../../core/ids';
import { type Routes, createRoutes } from '../../http/operation';
import { listed, readPage, rowsToRead } from '../../http/pagination';
import { workFilterOf } from '../../http/work-fields';
import type { ReceiptView, TransactionView } from './view-schemas';
import { searchReceipts, viewReceipt } from './receipts-view-store';
import { showReceipt, showTransaction } from './show-receipt';
import { searchTransactions, viewTransaction } from './transactions-view-store';
import * as operations from './view-operations';

interface Dependencies {
  readonly db: Database<'orders'>;
  /** Makes one due that waits. @throws Problem `not_found`, `not_retryable` */
  readonly retry: (work: 'receipts' | 'transactions', id: string) => Promise<void>;
}

/** Mounted at /admin/receipts. */
export function createReceiptRoutes({ db, retry }: Dependencies): Routes {
  const routes = createRoutes('Receipts');
  const read = async (id: ReceiptId): Promise<ReceiptView> => {
    const receipt = await viewReceipt(db, id);
    if (receipt === undefined) throw new Problem('not_found', 'there is no such receipt');
    return showReceipt(receipt);
  };
  routes.serve(operations.searchReceipts, async ({ query }) => {
    const page = readPage(query);
    const rows = await searchReceipts(db, {
      channel: query.channel,
      status: query.status,
      outcome: query.outcome,
      providerReference: query.provider_reference,
      paymentReference: query.payment_reference,
      order: query.order,
      ...workFilterOf(query),
      after: page.after,
      limit: rowsToRead(page),
    });
    return listed(rows, page, showReceipt, (row) => row.id);
  });
  routes.serve(operations.getReceipt, ({ params }) => read(params.receipt_id));
  routes.serve(operations.retryReceipt, async ({ params }) => {
    await retry('receipts', params.receipt_id);
    return read(params.receipt_id);
  });
  return routes;
}

/** Mounted at /admin/transactions. */
export function createTransactionRoutes({ db, retry }: Dependencies): Routes {
  const routes = createRoutes('Transactions');
  const read = async (id: Gid): Promise<TransactionView> => {
    const transaction = await viewTransaction(db, id);
    if (transaction === undefined) throw new Problem('not_found', 'there is no such transaction');
    return showTransaction(transaction);
  };
  routes.serve(operations.searchTransactions, async ({ query }) => {
    const page = readPage(query);
    const rows = await searchTransactions(db, {
      status: query.status,
      ended: query.ended === undefined ? undefined : query.ended === 'true',
      receipt: query.receipt,
      ...workFilterOf(query),
      after: page.after,
      limit: rowsToRead(page),
    });
    return listed(rows, page, showTransaction, (row) => row.gid);
  });
  routes.serve(operations.getTransaction, ({ params }) => read(params.transaction_id));
  routes.serve(operations.retryTransaction, async ({ params }) => {
    await retry('transactions', params.transaction_id);
    return read(params.transaction_id);
  });
  return routes;
}
