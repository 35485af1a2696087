import { operation } from '../http/operation';
import { merchantTimelineView, orderPath, receiptPath, timelineView } from './timeline-schemas';

const UUID = '019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';
const ABOUT =
  'Callbacks with their verdicts, receipts, every attempt to settle them with its branches, holds and entries, the voucher, ' +
  'notifications and incidents, oldest first. Each database is asked by itself: of one that does not answer nothing is ' +
  'listed, and `unavailable` says so. Of what there is too much of, the newest are listed and `left_out` counts the rest.';

export const getOrderTimeline = operation({
  id: 'getOrderTimeline',
  method: 'get',
  path: '/:order_id/timeline',
  summary: 'See everything that happened to an order',
  description: ABOUT,
  params: orderPath,
  answer: { status: 200, description: 'The timeline', schema: timelineView },
  problems: ['not_found'],
  example: { params: { order_id: `ord_${UUID}` } },
});

export const getReceiptTimeline = operation({
  id: 'getReceiptTimeline',
  method: 'get',
  path: '/:receipt_id/timeline',
  summary: 'See everything that happened to a receipt',
  description: `For money that fits no order too. ${ABOUT}`,
  params: receiptPath,
  answer: { status: 200, description: 'The timeline', schema: timelineView },
  problems: ['not_found'],
  example: { params: { receipt_id: `rcp_${UUID}` } },
});

export const getMerchantTimeline = operation({
  id: 'getMerchantTimeline',
  method: 'get',
  path: '/:order_id/timeline',
  summary: 'See what happened to an order',
  description:
    'Its states, the payments that arrived for it, what was credited, and its notifications with every attempt, oldest ' +
    'first. `under_review` and the items `review_opened` and `review_closed` say that we look at a payment of it.',
  params: orderPath,
  answer: { status: 200, description: 'The timeline', schema: merchantTimelineView },
  problems: ['not_found'],
  example: { params: { order_id: `ord_${UUID}` } },
});
