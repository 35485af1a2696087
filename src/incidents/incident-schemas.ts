import { z } from 'zod';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';
import { INCIDENT_KINDS } from './incident';

export const listIncidentsQuery = z.strictObject({
  ...pageFields,
  status: z.enum(['open', 'resolved']).optional(),
  kind: z.enum(INCIDENT_KINDS).optional(),
});

export const incidentView = z
  .strictObject({
    id: shownIdOf('incident'),
    kind: z.enum(INCIDENT_KINDS),
    subject: z.string(),
    order: shownIdOf('order').nullable(),
    receipt: shownIdOf('receipt').nullable(),
    transaction: shownIdOf('transaction').nullable(),
    facts: z.record(z.string(), z.string().nullable()),
    status: z.enum(['open', 'resolved']),
    times_seen: z.int(),
    opened_at: shownTime,
    last_seen_at: shownTime,
    resolved_at: shownTime.nullable(),
    resolution: z.string().nullable(),
  })
  .meta({ id: 'Incident', description: 'Something that a person must look at' });
export type IncidentView = z.output<typeof incidentView>;
