import { z } from 'zod';

/** Years that a database and a report can do something with. */
const YEAR = /^(19[7-9]\d|2[01]\d\d)-/;

const dateTime = z.iso
  .datetime({ offset: true, message: 'is not a time as RFC 3339 has it, such as 2026-11-21T00:00:00Z' })
  .max(40, 'is too long')
  .regex(YEAR, 'is not between the years 1970 and 2199')
  .regex(/^[^.]*(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/, 'has more than six decimals of a second');

/** An instant: RFC 3339, with an offset. */
export const instantText = dateTime.meta({ description: 'RFC 3339', example: '2026-11-21T00:00:00Z' });

/** Where a period begins or ends: an instant, or a date for its first instant in UTC. */
export const periodText = z
  .union([dateTime, z.iso.date().regex(YEAR, 'is not between the years 1970 and 2199')], {
    error: 'is neither a date nor a time as RFC 3339 has it',
  })
  .meta({ description: 'A date, for its first instant in UTC, or RFC 3339', example: '2026-11-01' })
  .transform((text) => (text.includes('T') ? text : `${text}T00:00:00Z`));

/** The fields of a query about a period: `from` is included, `to` is not. */
export const periodFields = { from: periodText.optional(), to: periodText.optional() };
