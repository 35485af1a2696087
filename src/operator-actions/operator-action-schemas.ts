import { z } from 'zod';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';

const instant = z.iso.datetime({ offset: true });

export const listOperatorActionsQuery = z.strictObject({
  ...pageFields,
  operator: line(64).optional(),
  operation: line(64).optional(),
  subject: line(64).optional(),
  from: instant.optional(),
  to: instant.optional(),
});

export const operatorActionPath = z.strictObject({ action_id: shownId<'operatorAction'>('operatorAction') });

const outcome = z.strictObject({
  at: shownTime,
  status: z.int(),
  problem: z.string().nullable(),
  created: z.string().nullable().meta({ description: 'The id of what the answer showed' }),
  replayed: z.boolean().meta({ description: 'The answer of an earlier request with the same key: nothing was done' }),
});

/** Whatever JSON the request had: every type, so that the document says so. */
const anyJson = z.union([
  z.record(z.string(), z.unknown()),
  z.array(z.union([z.string(), z.number(), z.boolean(), z.null(), z.record(z.string(), z.unknown())])),
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
]);

export const operatorActionView = z
  .strictObject({
    id: shownIdOf('operatorAction'),
    number: z.string().meta({ description: 'Its place in the chain' }),
    at: shownTime,
    operator: z.string(),
    operation: z.string().nullable(),
    method: z.string(),
    path: z.string(),
    query: anyJson.meta({ description: 'The query, without secrets' }),
    body: anyJson.meta({ description: 'Without secrets; of a body that was refused only its shape' }),
    content_type: z.string().nullable(),
    content_length: z.string().nullable(),
    content_digest: z.string().nullable(),
    subjects: z.array(z.string()),
    request_id: z.string(),
    trace_id: z.string().nullable(),
    client_address: z.string().nullable(),
    idempotency_key: z.string().nullable(),
    hash: z.string(),
    outcome: outcome.nullable().meta({ description: 'Null while it is under way, or where the process died over it' }),
  })
  .meta({ id: 'OperatorAction', description: 'Something that an operator did, or was refused' });
export type OperatorActionView = z.output<typeof operatorActionView>;
