import { z } from 'zod';
import { shownIdOf, shownTime } from '../http/shown';
import { orderView } from './order-schemas';

/** What a merchant's endpoint gets when an order has come to its end, by the notification's type. */
const ENDS = {
  'order.paid': {
    summary: 'An order is paid',
    description: 'The money is credited: `net` of it to the merchant’s account. Deliver what was ordered.',
  },
  'order.closed': {
    summary: 'An order is closed',
    description:
      'At the merchant’s own wish: it cannot be paid any more, and money that still arrives is kept for a person.',
  },
  'order.expired': {
    summary: 'An order has expired',
    description: '`expires_at` has passed and nobody has paid; money that still arrives is kept for a person.',
  },
} as const;
type EndType = keyof typeof ENDS;

export interface OrderWebhook {
  readonly type: EndType;
  readonly summary: string;
  readonly description: string;
  readonly payload: z.ZodType;
}

export const orderWebhooks: readonly OrderWebhook[] = Object.entries(ENDS).map(([name, texts]) => {
  const type = name as EndType;
  return { type, ...texts, payload: payloadOf(type) };
});

/** `order.paid` is `OrderPaid` among the document's schemas. */
function payloadOf(type: EndType): z.ZodType {
  const id = type.replace(/(^|\.)([a-z])/g, (_match, _dot, letter: string) => letter.toUpperCase());
  return z
    .strictObject({
      type: z.literal(type),
      timestamp: shownTime.meta({ description: 'When it happened' }),
      id: shownIdOf('notification').meta({ description: 'As `webhook-id` has it, the same in every attempt' }),
      data: orderView.meta({ description: 'The order as it stood then' }),
    })
    .meta({ id, description: ENDS[type].summary });
}
