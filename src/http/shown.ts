import { z } from 'zod';
import { type IdKind, ID_PREFIXES } from '../core/ids';

/** The schemas of what answers are made of; each has the example that the document shows. */
export const EXAMPLE_UUID = '019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';
export const UUID_PATTERN = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** An id as callers see it. */
export function shownIdOf(kind: IdKind): z.ZodString {
  const prefix = ID_PREFIXES[kind];
  return z
    .string()
    .regex(new RegExp(`^${prefix}_${UUID_PATTERN}$`))
    .meta({ example: `${prefix}_${EXAMPLE_UUID}` });
}

/** A time: RFC 3339 in UTC. */
export const shownTime = z.iso
  .datetime()
  .meta({ description: 'RFC 3339, in UTC', example: '2026-11-21T09:30:00.000Z' });

/** An amount: a decimal string in the currency that stands beside it. */
export const shownAmount = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .meta({ description: 'A decimal string, in the currency beside it', example: '12.50' });

export const shownCurrency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .meta({ description: 'ISO 4217', example: 'EUR' });

/** A page of a list: `next_cursor` is null on the last one. */
export function pageOf<Shown extends z.ZodType>(shown: Shown) {
  return z.strictObject({
    data: z.array(shown),
    next_cursor: z.string().nullable().meta({ description: 'Send it as `cursor` to get the next page', example: null }),
  });
}
