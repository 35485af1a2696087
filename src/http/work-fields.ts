import { z } from 'zod';
import { shownTime } from './shown';

/** A query is text; what it says here is a number. */
const wholeText = (description: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'is a whole number')
    .optional()
    .meta({ description, sent: { type: 'integer', minimum: 0, maximum: 999_999_999 } });

/** What every list of work takes that may wait. */
export const workFilters = {
  stuck: z
    .enum(['true', 'false'])
    .optional()
    .meta({
      description:
        'true: only what is not done after 10 minutes, or after so many attempts that a person should look (8 of a ' +
        'transaction, 10 of a message)',
    }),
  older_than: wholeText('Only what is not done and this old, in seconds'),
  min_attempts: wholeText('Only what is not done and has been tried so often at least'),
};

/** What a store is asked for by those filters. */
export interface WorkFilter {
  readonly stuck: boolean;
  readonly olderThanSeconds: number | undefined;
  readonly minAttempts: number | undefined;
}

export function workFilterOf(query: {
  readonly stuck?: string | undefined;
  readonly older_than?: string | undefined;
  readonly min_attempts?: string | undefined;
}): WorkFilter {
  const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  return {
    stuck: query.stuck === 'true',
    olderThanSeconds: number(query.older_than),
    minAttempts: number(query.min_attempts),
  };
}

/** What is shown of each. */
export const workedOn = {
  attempts: z.int().min(0),
  next_try_at: shownTime.nullable().meta({ description: 'null where nothing is to be tried any more' }),
  worked_on: z.boolean().meta({ description: 'Whether a process has claimed it and works on it just now' }),
  last_error: z.string().nullable(),
  age_seconds: z.int().min(0).meta({ description: 'Until it was done, or until now' }),
  trace_id: z.string().nullable().meta({ description: 'The W3C trace under which the log has its lines' }),
};
