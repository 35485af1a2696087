import { z } from 'zod';
import { type Id, type IdKind, ID_PREFIXES, readId } from '../core/ids';
import { EXAMPLE_UUID, UUID_PATTERN } from './shown';

/** No control characters (PostgreSQL cannot keep NUL, and none of them belongs in a name) and no half of a surrogate pair. */
const PRINTABLE = /^[^\p{Cc}\p{Surrogate}]*$/u;

/** A line of printable text of 1 to `longest` characters. */
export function line(longest: number): z.ZodString {
  return text(longest).min(1, 'must not be empty');
}

/** Like a line, and it may be empty. */
export function text(longest: number): z.ZodString {
  return z
    .string()
    .max(longest, `has more than ${longest} characters`)
    .regex(PRINTABLE, 'must not contain control characters');
}

/** A decimal string; whether it fits a currency is for `Money.parse` to say. */
export const decimalText = z.string().max(40, 'is too long').meta({
  description: 'A decimal string with at most the decimals of its currency',
  pattern: '^-?(0|[1-9]\\d{0,14})(\\.\\d{1,4})?$',
  example: '12.50',
});

/** A currency code; whether it exists is for `Money.parse` to say. */
export const currencyText = z
  .string()
  .max(8, 'is too long')
  .meta({ description: 'ISO 4217, in capitals', pattern: '^[A-Z]{3}$', example: 'EUR' });

/** An id as callers see it (`ord_0190...`), read into the bare one. */
export function shownId<Kind extends string>(kind: IdKind): z.ZodType<Id<Kind>> {
  const prefix = ID_PREFIXES[kind];
  return z
    .string()
    .transform((text, context): Id<Kind> => {
      const id = readId<Kind>(kind, text);
      if (id !== undefined) return id;
      context.addIssue({ code: 'custom', message: `is not an id that starts with ${prefix}_` });
      return z.NEVER;
    })
    .meta({ pattern: `^${prefix}_${UUID_PATTERN}$`, example: `${prefix}_${EXAMPLE_UUID}` });
}
