import { operation } from '../../http/operation';
import { pageOf } from '../../http/shown';
import {
  receiptPath,
  receiptView,
  searchReceiptsQuery,
  searchTransactionsQuery,
  transactionPath,
  transactionView,
} from './view-schemas';

const UUID = '019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';
const SOON = 'It is due at once instead of after its backoff; a worker takes it within a second.';

export const searchReceipts = operation({
  id: 'searchReceipts',
  method: 'get',
  path: '/',
  summary: 'List receipts, newest first',
  description:
    '`provider_reference` is what the bank or gateway calls the payment, `payment_reference` is ours. ' +
    '`outcome=suspense` lists the money that waits for a person, `stuck=true` what is verified and not settled after 10 ' +
    'minutes.',
  query: searchReceiptsQuery,
  answer: { status: 200, description: 'A page of receipts', schema: pageOf(receiptView) },
  problems: ['invalid_cursor'],
  example: { query: { outcome: 'suspense' } },
});

export const getReceipt = operation({
  id: 'getReceipt',
  method: 'get',
  path: '/:receipt_id',
  summary: 'Read a receipt',
  params: receiptPath,
  answer: { status: 200, description: 'The receipt', schema: receiptView },
  problems: ['not_found'],
  example: { params: { receipt_id: `rcp_${UUID}` } },
});

export const searchTransactions = operation({
  id: 'searchTransactions',
  method: 'get',
  path: '/',
  summary: 'List global transactions, newest first',
  description:
    '`ended=false` lists those that are under way, with their age and when they are tried next, `stuck=true` those of ' +
    'them that a person should look at.',
  query: searchTransactionsQuery,
  answer: { status: 200, description: 'A page of transactions', schema: pageOf(transactionView) },
  problems: ['invalid_cursor'],
  example: { query: { ended: 'false' } },
});

export const getTransaction = operation({
  id: 'getTransaction',
  method: 'get',
  path: '/:transaction_id',
  summary: 'Read a global transaction with its branches and legs',
  params: transactionPath,
  answer: { status: 200, description: 'The transaction', schema: transactionView },
  problems: ['not_found'],
  example: { params: { transaction_id: `gtx_${UUID}` } },
});

export const retryReceipt = operation({
  id: 'retryReceipt',
  method: 'post',
  path: '/:receipt_id/retry',
  summary: 'Settle a receipt now that waits',
  description: SOON,
  params: receiptPath,
  answer: { status: 200, description: 'The receipt', schema: receiptView },
  problems: ['not_found', 'not_retryable'],
  example: { params: { receipt_id: `rcp_${UUID}` } },
});

export const retryTransaction = operation({
  id: 'retryTransaction',
  method: 'post',
  path: '/:transaction_id/retry',
  summary: 'Drive a global transaction to its end now',
  description: `${SOON} An attempt that is still within its deadline is left alone.`,
  params: transactionPath,
  answer: { status: 200, description: 'The transaction', schema: transactionView },
  problems: ['not_found', 'not_retryable'],
  example: { params: { transaction_id: `gtx_${UUID}` } },
});
