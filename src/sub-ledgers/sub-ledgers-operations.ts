import { operation } from '../http/operation';
import { subLedgersQuery, subLedgersView } from './sub-ledgers-schemas';

export const listSubLedgers = operation({
  id: 'listSubLedgers',
  method: 'get',
  path: '/sub-ledgers',
  summary: 'Compare the books with the fund accounts and receipts that they stand for, line by line',
  description:
    'Every merchant, payee and channel, suspense and fees, per currency. It may be asked while money moves: payments of ' +
    'the last moments are left out of the difference on both sides.',
  query: subLedgersQuery,
  answer: { status: 200, description: 'A page of lines', schema: subLedgersView },
  problems: ['invalid_cursor'],
  example: { query: { limit: '20' } },
});
