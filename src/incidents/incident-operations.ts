import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import { incidentView, listIncidentsQuery } from './incident-schemas';

export const listIncidents = operation({
  id: 'listIncidents',
  method: 'get',
  path: '/',
  summary: 'List incidents, newest first',
  query: listIncidentsQuery,
  answer: { status: 200, description: 'A page of incidents', schema: pageOf(incidentView) },
  problems: ['invalid_cursor'],
  example: { query: { status: 'open' } },
});
