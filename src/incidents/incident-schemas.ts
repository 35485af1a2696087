import { z } from 'zod';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';
import { INCIDENT_KINDS } from './incident';
import { SEVERITIES } from './severity';

/** The name of whoever works on an incident: an operator's, or that of a colleague who has no token. */
export const operatorName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'is 1 to 64 of A-Z, a-z, 0-9, ".", "_", "@" and "-"');
const note = line(2_000).regex(/\S/, 'must say something');
const version = z.int().min(1).max(2_147_483_647).optional().meta({
  description: 'Do it only if the incident is still as it was read',
});

export const listIncidentsQuery = z.strictObject({
  ...pageFields,
  status: z.enum(['open', 'resolved']).optional(),
  kind: z.enum(INCIDENT_KINDS).optional(),
  severity: z.enum(SEVERITIES).optional(),
  assignee: operatorName.optional(),
  assigned: z.enum(['true', 'false']).optional(),
  order: shownId<'order'>('order').optional(),
  receipt: shownId<'receipt'>('receipt').optional(),
});

export const incidentPath = z.strictObject({ incident_id: shownId<'incident'>('incident') });
export const incidentEventsQuery = z.strictObject(pageFields);
export const assignBody = z.strictObject({ assignee: operatorName.optional(), version }).default({});
export const unassignBody = z.strictObject({ version }).default({});
export const noteBody = z.strictObject({ note, version });
export const resolveManyBody = z.strictObject({
  kind: z.enum(INCIDENT_KINDS),
  before: z.iso.datetime({ offset: true }).meta({ description: 'Only what was last seen before this time' }),
  note,
  limit: z.int().min(1).max(1_000).default(1_000),
});

export const incidentView = z
  .strictObject({
    id: shownIdOf('incident'),
    kind: z.enum(INCIDENT_KINDS),
    severity: z.enum(SEVERITIES),
    title: z.string(),
    subject: z.string(),
    order: shownIdOf('order').nullable(),
    receipt: shownIdOf('receipt').nullable(),
    transaction: shownIdOf('transaction').nullable(),
    facts: z.record(z.string(), z.string().nullable()),
    status: z.enum(['open', 'resolved']),
    times_seen: z.int(),
    opened_at: shownTime,
    last_seen_at: shownTime,
    assignee: z.string().nullable(),
    resolved_at: shownTime.nullable(),
    resolved_by: z.string().nullable(),
    resolution: z.string().nullable(),
    version: z.int(),
  })
  .meta({ id: 'Incident', description: 'Something that a person must look at' });
export type IncidentView = z.output<typeof incidentView>;

export const incidentEventView = z
  .strictObject({
    number: z.int(),
    kind: z.enum(['opened', 'seen_again', 'assigned', 'unassigned', 'noted', 'resolved', 'reopened']),
    at: shownTime,
    operator: z.string().nullable().meta({ description: 'Null where the service did it by itself' }),
    assignee: z.string().nullable(),
    note: z.string().nullable(),
    facts: z.record(z.string(), z.string().nullable()).nullable(),
  })
  .meta({ id: 'IncidentEvent', description: 'Something that happened to an incident' });
export type IncidentEventView = z.output<typeof incidentEventView>;

export const incidentDetailView = incidentView
  .extend({
    page: z.string().meta({ description: 'Where its kind is explained', example: 'docs/incidents.md#late_payment' }),
    actions: z.array(z.strictObject({ about: z.string(), command: z.string() })),
    history: z.array(incidentEventView).meta({ description: 'The newest 100 entries, oldest first' }),
  })
  .meta({ id: 'IncidentDetail', description: 'An incident with what to do about it and what was done' });
export type IncidentDetailView = z.output<typeof incidentDetailView>;

export const resolvedManyView = z
  .strictObject({
    resolved: z.int(),
    more: z.boolean().meta({ description: 'Whether the limit was reached, and asking again may resolve more' }),
  })
  .meta({ id: 'ResolvedIncidents', description: 'How many incidents were resolved' });
