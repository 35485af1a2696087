import { operation } from '../http/operation';
import { eventPage, listEventsQuery } from './event-schemas';

export const listEvents = operation({
  id: 'listEvents',
  method: 'get',
  path: '/',
  summary: 'Read what has happened since a cursor',
  description:
    'Every event of the merchant, once, whether or not an endpoint was told of it, from the oldest on. Keep `next_cursor` ' +
    'with what you have done: a reader that follows it never misses an event. An event appears as soon as no transaction ' +
    'that began before it is still running, mostly at once and seldom later than some seconds.\n\n' +
    'Read at least once and deduplicate by `id`: whoever dies between doing and keeping the cursor reads again. Webhooks of ' +
    'the same event carry ids of their own, one per endpoint; `type` and `data.id` tell that they are the same. Events are ' +
    'kept for as long as their orders, which are never deleted. Cursors are good for ever, with the filter that they were ' +
    'given under or any other.',
  query: listEventsQuery,
  answer: { status: 200, description: 'A page of events', schema: eventPage },
  problems: ['invalid_cursor'],
  example: { query: { type: 'order.paid' } },
});
