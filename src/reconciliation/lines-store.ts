import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';
import type { RunId } from './run';
import type { StatementLine } from './statement-line';

const INSERT = statement(
  'orders.statement_lines.insert',
  `insert into orders.statement_lines
     (run_id, number, status, identity, identified, provider_reference, payment_reference, amount, currency, fee, occurred_at)
   select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::text[], $8::numeric[],
                            $9::text[], $10::numeric[], $11::timestamptz[])`,
);
const lineColumns = columnsOf<StatementLine>(
  (line) => line.number,
  (line) => line.status,
  (line) => line.identity,
  (line) => line.identified,
  (line) => line.providerReference,
  (line) => line.paymentReference,
  (line) => line.amount,
  (line) => line.currency,
  (line) => line.fee,
  (line) => line.occurredAt,
);
/** A million new lines are unknown to the planner, which would look each of them up one by one. */
const ANALYZE = statement('orders.statement_lines.analyze', 'analyze orders.statement_lines');

export const linesStore = {
  insert: async (tx: Tx<'orders'>, run: RunId, lines: readonly StatementLine[]): Promise<void> => {
    await tx.query(INSERT, [run, ...lineColumns(lines)]);
  },
  analyze: async (tx: Tx<'orders'>): Promise<void> => {
    await tx.query(ANALYZE);
  },
};
