import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import {
  assignBody,
  incidentDetailView,
  incidentEventView,
  incidentEventsQuery,
  incidentPath,
  incidentView,
  listIncidentsQuery,
  noteBody,
  resolveManyBody,
  resolvedManyView,
  unassignBody,
} from './incident-schemas';

const params = { incident_id: 'inc_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87' };
const changed = { status: 200, description: 'The incident after the change', schema: incidentView } as const;

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

export const getIncident = operation({
  id: 'getIncident',
  method: 'get',
  path: '/:incident_id',
  summary: 'Show an incident, what to do about it, and its history',
  params: incidentPath,
  answer: { status: 200, description: 'The incident', schema: incidentDetailView },
  problems: ['not_found'],
  example: { params },
});

export const listIncidentEvents = operation({
  id: 'listIncidentEvents',
  method: 'get',
  path: '/:incident_id/events',
  summary: 'List the history of an incident, newest first',
  params: incidentPath,
  query: incidentEventsQuery,
  answer: { status: 200, description: 'A page of its history', schema: pageOf(incidentEventView) },
  problems: ['not_found', 'invalid_cursor'],
  example: { params },
});

export const assignIncident = operation({
  id: 'assignIncident',
  method: 'post',
  path: '/:incident_id/assign',
  summary: 'Give an open incident to somebody',
  description:
    'Without `assignee` the caller takes it. An incident that somebody has is given to another only with `version`, which ' +
    'shows that this is known.',
  params: incidentPath,
  body: assignBody,
  answer: changed,
  problems: ['not_found', 'incident_not_open', 'incident_assigned', 'incident_changed'],
  example: { params, body: { assignee: 'alice' } },
});

export const unassignIncident = operation({
  id: 'unassignIncident',
  method: 'post',
  path: '/:incident_id/unassign',
  summary: 'Take an open incident from whoever has it',
  params: incidentPath,
  body: unassignBody,
  answer: changed,
  problems: ['not_found', 'incident_not_open', 'incident_changed'],
  example: { params, body: {} },
});

export const noteIncident = operation({
  id: 'noteIncident',
  method: 'post',
  path: '/:incident_id/notes',
  summary: 'Note what was found',
  params: incidentPath,
  body: noteBody,
  answer: changed,
  problems: ['not_found', 'incident_changed'],
  example: { params, body: { note: 'The bank confirms the amount; their ticket is 4711.' } },
});

export const resolveIncident = operation({
  id: 'resolveIncident',
  method: 'post',
  path: '/:incident_id/resolve',
  summary: 'Resolve an open incident',
  description: 'It stays resolved when the same facts are reported again, and opens again on others.',
  params: incidentPath,
  body: noteBody,
  answer: changed,
  problems: ['not_found', 'incident_not_open', 'incident_changed'],
  example: { params, body: { note: 'The merchant’s account is unfrozen; the money goes out by hand.' } },
});

export const reopenIncident = operation({
  id: 'reopenIncident',
  method: 'post',
  path: '/:incident_id/reopen',
  summary: 'Open a resolved incident again',
  params: incidentPath,
  body: noteBody,
  answer: changed,
  problems: ['not_found', 'incident_not_resolved', 'incident_changed'],
  example: { params, body: { note: 'The merchant says that the money never came.' } },
});

export const resolveIncidents = operation({
  id: 'resolveIncidents',
  method: 'post',
  path: '/resolve',
  summary: 'Resolve many incidents of one kind',
  description: 'Oldest first, at most `limit` at once; ask again while `more` is true.',
  body: resolveManyBody,
  answer: { status: 200, description: 'How many were resolved', schema: resolvedManyView },
  problems: [],
  example: {
    body: { kind: 'notification_exhausted', before: '2026-11-21T09:30:00Z', note: 'The merchant was down and knows.' },
  },
});
