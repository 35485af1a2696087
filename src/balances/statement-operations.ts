import { operation } from '../http/operation';
import * as schemas from './statement-schemas';

const PERIOD =
  '`from` is included and `to` is not; both are instants, or dates that stand for their first instant in UTC.';
const example = { params: { account_id: 'acc_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87' } };
const period = { query: { from: '2026-11-01', to: '2026-12-01' } };

/**
 * What an account's past is asked by, below a mount of accounts.
 * @param kind names the operations: `getAccountBalance`
 * @param what the account, in words
 */
export function historyOperations(kind: string, what: string) {
  return {
    balance: operation({
      id: `get${kind}Balance`,
      method: 'get',
      path: '/:account_id/balance',
      summary: `Show the balance of ${what}, now or at a past instant`,
      params: schemas.historyPath,
      query: schemas.pastBalanceQuery,
      answer: { status: 200, description: 'The balance', schema: schemas.pastBalanceView },
      problems: ['invalid_request', 'not_found'],
      example,
    }),
    statement: operation({
      id: `get${kind}Statement`,
      method: 'get',
      path: '/:account_id/statement',
      summary: `Show the movements of ${what} in a period`,
      description: PERIOD,
      params: schemas.historyPath,
      query: schemas.statementQuery,
      answer: { status: 200, description: 'The statement, with a page of its entries', schema: schemas.statementView },
      problems: ['invalid_request', 'invalid_cursor', 'not_found'],
      example: { ...example, ...period },
    }),
    download: operation({
      id: `download${kind}Statement`,
      method: 'get',
      path: '/:account_id/statement.csv',
      summary: `Download the movements of ${what} in a period as CSV`,
      description: PERIOD,
      params: schemas.historyPath,
      query: schemas.statementCsvQuery,
      answer: { status: 200, description: 'The whole statement', contentType: 'text/csv' },
      problems: ['invalid_request', 'not_found'],
      example: { ...example, ...period },
    }),
  };
}
