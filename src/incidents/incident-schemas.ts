import { z } from 'zod';
import { pageFields } from '../http/pagination';
import { INCIDENT_KINDS } from './incident';

export const listIncidentsQuery = z.strictObject({
  ...pageFields,
  status: z.enum(['open', 'resolved']).optional(),
  kind: z.enum(INCIDENT_KINDS).optional(),
});
