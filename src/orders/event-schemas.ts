import { z } from 'zod';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';
import { orderView } from './order-schemas';

export const EVENT_TYPES = ['order.paid', 'order.closed', 'order.expired'] as const;
const type = z.enum(EVENT_TYPES);

export const listEventsQuery = z.strictObject({ ...pageFields, type: type.optional() });

export const eventView = z
  .strictObject({
    id: shownIdOf('orderEvent').meta({ description: 'The same whenever the event is read: deduplicate by it' }),
    type,
    created_at: shownTime.meta({ description: 'When it happened, to the microsecond' }),
    data: orderView.meta({ description: 'The order, as `data` of the webhook has it' }),
  })
  .meta({ id: 'Event', description: 'An order came to its end' });
export type EventView = z.output<typeof eventView>;

export const eventPage = z
  .strictObject({
    data: z.array(eventView),
    next_cursor: z.string().meta({
      description:
        'Keep it and send it as `cursor`, now or later, to get what follows. It is there on the last page too.',
      example: 'eyJhZnRlciI6IjgxMi8wMTllOWEzYy01ZDJmLTdjNDEtOGE2Yi0zZjJkMWMwYjlhODcifQ',
    }),
    has_more: z.boolean().meta({ description: 'Whether there is more to read at once' }),
  })
  .meta({ id: 'EventPage' });
