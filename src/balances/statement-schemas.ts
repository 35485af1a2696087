import { z } from 'zod';
import { shownId } from '../http/fields';
import { instantText, periodFields } from '../http/instants';
import { pageFields } from '../http/pagination';
import { pageOf, shownAmount, shownIdOf, shownTime } from '../http/shown';

export const historyPath = z.object({ account_id: shownId<'account'>('account') });
export const pastBalanceQuery = z.strictObject({ at: instantText.optional() });
export const statementQuery = z.strictObject({ ...pageFields, ...periodFields });
export const statementCsvQuery = z.strictObject(periodFields);

const unit = z.string().meta({ description: 'A currency (ISO 4217), or POINTS', example: 'EUR' });

export const pastBalanceView = z
  .strictObject({
    account: shownIdOf('account'),
    at: shownTime,
    unit,
    balance: shownAmount,
    entries: z.int().meta({ description: 'How many entries the account had by then' }),
  })
  .meta({ id: 'PastBalance', description: 'The balance of an account at an instant; it does not change afterwards' });
export type PastBalanceView = z.output<typeof pastBalanceView>;

const statementEntry = z
  .strictObject({
    id: shownIdOf('entry'),
    number: z.int(),
    transaction: shownIdOf('transaction'),
    created_at: shownTime,
    amount: shownAmount.meta({ description: 'Below zero where it went out' }),
    balance_after: shownAmount,
  })
  .meta({ id: 'StatementEntry', description: 'A movement on the account of a statement' });
export type StatementEntryView = z.output<typeof statementEntry>;

export const statementView = pageOf(statementEntry)
  .extend({
    account: shownIdOf('account'),
    unit,
    from: shownTime.nullable().meta({ description: "Included; null for the account's beginning" }),
    to: shownTime.meta({ description: 'Not included' }),
    opening_balance: shownAmount,
    entries: z.int().meta({ description: 'How many entries the period has' }),
    totals: z
      .strictObject({ debit: shownAmount, credit: shownAmount })
      .nullable()
      .meta({ description: 'What went out and what came in, over the whole period; on the first page only' }),
    closing_balance: shownAmount,
  })
  .meta({
    id: 'AccountStatement',
    description: 'The movements of an account in a period: opening balance and entries make the closing one',
  });
export type StatementView = z.output<typeof statementView>;
