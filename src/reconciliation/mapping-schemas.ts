import { z } from 'zod';
import { isCurrency } from '../core/currencies';
import { line } from '../http/fields';
import { timeFormatProblem } from './readers/csv/times';

/** How a channel's statement is read, and by which rules it is compared. Stored per channel; the file's part also per run. */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'gb18030',
  'gbk',
  'windows-1252',
  'iso-8859-15',
  'shift_jis',
  'big5',
  'euc-kr',
] as const;

const column = z.union([line(200), z.int().min(1).max(500)]).meta({
  description: 'The name in the header line, or the position, counted from 1',
  example: 'amount',
});
const words = z.array(line(100)).max(50).default([]);
const position = z.int().min(1).max(500);
const decimal = z.string().regex(/^\d{1,15}(\.\d{1,6})?$/, 'is a decimal string of zero or more');
const currency = z.string().refine(isCurrency, 'is a currency of ISO 4217');
const timeZone = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/, 'is a time zone such as Asia/Shanghai')
  .refine(isTimeZone, 'is a time zone of the IANA database, such as Asia/Shanghai');

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const footer = z
  .strictObject({
    first_field: line(100).meta({ description: 'What the first field of the line begins with that ends the list' }),
    values: z.enum(['same_line', 'next_line']).default('same_line'),
    count: position.optional().meta({ description: 'Where the number of lines stands' }),
    amount: position.optional().meta({ description: 'Where the sum of all paid lines stands' }),
    refund_amount: position.optional().meta({ description: 'Where the sum of all refunded lines stands' }),
    fee: position.optional().meta({ description: 'Where the sum of all fees stands' }),
  })
  .meta({ description: 'The control totals at the end of the file, which must be those of its lines' });

export const fileMapping = z
  .strictObject({
    format: z.literal('csv').default('csv'),
    encoding: z.enum(ENCODINGS).default('utf-8'),
    delimiter: z.string().length(1).default(','),
    quote: z.enum(['"', "'", '']).default('"'),
    header: z.boolean().default(true),
    ignore_lines_starting_with: words,
    strip: z.string().max(10).default('').meta({ description: 'Characters taken off both ends of every value' }),
    columns: z.strictObject({
      amount: column,
      payment_reference: column.optional(),
      provider_reference: column.optional(),
      line_id: column.optional().meta({ description: 'The line’s own number, such as that of a refund' }),
      refund_amount: column
        .optional()
        .meta({ description: 'The amount of refunded lines, where it has its own column' }),
      fee: column.optional(),
      currency: column.optional(),
      status: column.optional(),
      time: column.optional(),
      account: column.optional().meta({ description: 'Must hold the channel’s receiving account' }),
    }),
    currency: currency.optional().meta({ description: 'Where no column has it', example: 'EUR' }),
    units: z.enum(['major', 'minor']).default('major'),
    minor_exponents: z
      .record(currency, z.int().min(0).max(4))
      .default({})
      .meta({ description: 'Decimals of minor units, where they are not those of ISO 4217' }),
    decimal_separator: z.enum(['.', ',']).default('.'),
    thousands_separator: z.enum(['', ',', '.', ' ', "'"]).default(''),
    fee_sign: z.enum(['cost_is_positive', 'cost_is_negative']).default('cost_is_positive'),
    status_words: z
      .strictObject({ paid: words, failed: words, refunded: words, reversed: words, ignored: words })
      .prefault({}),
    time_format: line(40).optional().meta({ description: 'Of yyyy, MM, dd, HH, mm, ss; ISO 8601 without it' }),
    time_zone: timeZone.optional().meta({ description: 'Of times without a zone; the rules’ without it' }),
    footer: footer.optional(),
  })
  .superRefine((file, context) => {
    const refuse = (path: string[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const { columns, status_words: statusWords } = file;
    if (columns.payment_reference === undefined && columns.provider_reference === undefined)
      refuse(['columns'], 'must have payment_reference, provider_reference or both');
    if ((columns.currency === undefined) === (file.currency === undefined))
      refuse(['currency'], 'is given either by a column or fixed');
    if (columns.status !== undefined && statusWords.paid.length === 0)
      refuse(['status_words', 'paid'], 'must say which words mean that money has arrived');
    if (file.decimal_separator === file.thousands_separator)
      refuse(['thousands_separator'], 'must not be the decimal separator');
    if (!file.header && Object.values(columns).some((one) => typeof one === 'string'))
      refuse(['columns'], 'must be positions where there is no header line');
    const wrongTime = file.time_format === undefined ? undefined : timeFormatProblem(file.time_format);
    if (wrongTime !== undefined) refuse(['time_format'], wrongTime);
    const all = Object.values(statusWords).flat();
    if (new Set(all).size !== all.length) refuse(['status_words'], 'must give each word one meaning');
  })
  .meta({ id: 'StatementFile', description: 'How a channel’s statement file is read' });
export type FileMapping = z.output<typeof fileMapping>;

const expectedFee = z.strictObject({
  currency,
  rate: z.string().regex(/^(0|1)(\.\d{1,6})?$/, 'is a share such as 0.006'),
  fixed: decimal.default('0'),
  minimum: decimal.optional(),
  maximum: decimal.optional(),
  decimals: z.int().min(0).max(6).default(2),
  rounding: z.enum(['half_up', 'up', 'down']).default('half_up'),
  tolerance: decimal.default('0').meta({ description: 'So much more or less per line is no difference' }),
});

export const matchingRules = z
  .strictObject({
    time_zone: timeZone
      .default('UTC')
      .meta({ description: 'In which the channel’s days begin', example: 'Asia/Shanghai' }),
    window_days: z.int().min(0).max(60).default(3).meta({ description: 'How far the channel’s date may be from ours' }),
    due_days: z.int().min(0).max(90).default(3).meta({ description: 'How long one side waits for the other' }),
    fees: z.array(expectedFee).max(50).default([]).meta({ description: 'What the channel should keep, per currency' }),
    recover_at_most: z
      .int()
      .min(0)
      .max(100_000)
      .default(1_000)
      .meta({ description: 'More lost callbacks than this in one statement are held for a person' }),
  })
  .meta({ id: 'MatchingRules', description: 'How a channel’s statement is compared with its receipts' });
export type MatchingRules = z.output<typeof matchingRules>;

export const channelMapping = z.strictObject({ file: fileMapping, rules: matchingRules.prefault({}) });
export type ChannelMapping = z.output<typeof channelMapping>;
