import { z } from 'zod';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownAmount, shownCurrency, shownIdOf, shownTime } from '../http/shown';
import { channelMapping, fileMapping } from './mapping-schemas';
import { CLASSES } from './run';
import { LINE_STATUSES } from './statement-line';

const channelName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not the name of a channel');
const day = z.iso.date('is a day such as 2026-11-20').meta({ example: '2026-11-20' });
const shownDay = z.iso.date().meta({ example: '2026-11-20' });
const runStatus = z.enum(['receiving', 'quarantined', 'staged', 'matching', 'done']);
const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .meta({ description: 'A decimal string', example: '0.37' });

/** `EUR:12.50,USD:3` as amounts by currency. */
const expectedAmounts = z
  .string()
  .regex(/^[A-Z]{3}:\d{1,18}(\.\d{1,4})?(,[A-Z]{3}:\d{1,18}(\.\d{1,4})?){0,20}$/, 'is a list such as EUR:12.50,USD:3')
  .transform((text) => Object.fromEntries(text.split(',').map((one) => one.split(':') as [string, string])))
  .meta({ example: 'EUR:111.50' });

const mappingOfRun = z
  .string()
  .max(8_192, 'is too long')
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  })
  .pipe(fileMapping);

export const uploadQuery = z.strictObject({
  channel: channelName,
  date: day,
  file_name: line(200).optional(),
  expect_count: z
    .string()
    .regex(/^\d{1,9}$/, 'is a whole number')
    .transform(Number)
    .meta({ example: '2' })
    .optional(),
  expect_total: expectedAmounts.optional(),
  mapping: mappingOfRun.optional(),
});
export const channelPath = z.object({ channel: channelName });
export const runPath = z.object({ run_id: shownId<'statementRun'>('statementRun') });
export const listRunsQuery = z.strictObject({
  ...pageFields,
  channel: channelName.optional(),
  status: runStatus.optional(),
});
export const listResultsQuery = z.strictObject({ ...pageFields, class: z.enum(CLASSES).optional() });
export const listPoolQuery = z.strictObject({
  ...pageFields,
  channel: channelName.optional(),
  side: z.enum(['ours', 'bank']).optional(),
  status: z.enum(['waiting', 'overdue']).optional(),
});
export const examineBody = z.strictObject({ channel: channelName });
export { channelMapping };

/** As it was set, with what it did not say filled in. */
const settings = z.record(z.string(), z.unknown()).meta({ description: 'As in the request that sets it' });

export const mappingView = z
  .strictObject({ channel: z.string(), file: settings, rules: settings, updated_at: shownTime })
  .meta({ id: 'StatementMapping', description: 'How a channel’s statements are read, and by which rules compared' });
export type MappingView = z.output<typeof mappingView>;

const totalView = z.strictObject({
  class: z.enum(CLASSES),
  is_difference: z.boolean(),
  currency: shownCurrency,
  count: z.int(),
  amount: shownAmount,
  fee: decimal.nullable(),
  fee_variance: decimal.nullable().meta({ description: 'The fees less what they should be, where both are known' }),
});

export const runView = z
  .strictObject({
    id: shownIdOf('statementRun'),
    channel: z.string(),
    kind: z.enum(['statement', 'examination']),
    statement_date: shownDay,
    file_name: z.string().nullable(),
    file_hash: z.string().nullable().meta({ description: 'SHA-256 of the file, in hex' }),
    lines: z.int().nullable(),
    status: runStatus,
    step: z.string().nullable(),
    reasons: z.array(z.strictObject({ line: z.int().nullable(), reason: z.string() })),
    totals: z.array(totalView),
    differences: z.int().meta({ description: 'How many results are differences' }),
    attempts: z.int(),
    last_error: z.string().nullable(),
    created_at: shownTime,
    ended_at: shownTime.nullable(),
  })
  .meta({ id: 'ReconciliationRun', description: 'One statement on its way, or a look at a channel’s pools' });
export type RunView = z.output<typeof runView>;

export const uploadView = z
  .strictObject({
    duplicate: z.boolean().meta({ description: 'The channel has had this file; the run is that of the first time' }),
    run: runView,
  })
  .meta({ id: 'StatementUpload', description: 'What has become of a statement that was handed in' });

export const resultView = z
  .strictObject({
    number: z.string(),
    class: z.enum(CLASSES),
    line: z
      .strictObject({
        run: shownIdOf('statementRun'),
        number: z.int(),
        statement_date: shownDay.nullable(),
        status: z.enum(LINE_STATUSES).nullable(),
        provider_reference: z.string().nullable(),
        payment_reference: z.string().nullable(),
        amount: shownAmount,
        currency: shownCurrency,
        fee: decimal.nullable(),
        time: shownTime.nullable(),
      })
      .nullable()
      .meta({ description: 'What the bank says; null where it says nothing' }),
    receipt: z
      .strictObject({
        id: shownIdOf('receipt'),
        order: shownIdOf('order').nullable(),
        provider_reference: z.string().nullable(),
        amount: shownAmount.nullable(),
        currency: shownCurrency.nullable(),
        status: z.string().nullable(),
        outcome: z.string().nullable(),
        received_at: shownTime.nullable(),
      })
      .nullable()
      .meta({ description: 'What we have; null where we have nothing' }),
    expected_fee: decimal.nullable(),
    note: z.string().nullable(),
    explains: z.boolean().meta({ description: 'It explains what was a difference before' }),
  })
  .meta({ id: 'ReconciliationResult', description: 'What a line of a statement, or a receipt of ours, came to' });
export type ResultView = z.output<typeof resultView>;

export const poolView = z
  .strictObject({
    number: z.string(),
    channel: z.string(),
    side: z.enum(['ours', 'bank']),
    receipt: shownIdOf('receipt').nullable(),
    line: z.strictObject({ run: shownIdOf('statementRun'), number: z.int() }).nullable(),
    provider_reference: z.string().nullable(),
    payment_reference: z.string().nullable(),
    amount: shownAmount,
    currency: shownCurrency,
    note: z.string().nullable(),
    status: z.enum(['waiting', 'overdue']),
    since: shownTime,
    due_at: shownTime,
  })
  .meta({ id: 'PoolEntry', description: 'What one side has and the other has not yet' });
export type PoolView = z.output<typeof poolView>;
