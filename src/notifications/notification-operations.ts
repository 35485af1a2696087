import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import { resentView } from './endpoint-schemas';
import {
  listAllNotificationsQuery,
  listNotificationsQuery,
  listQuery,
  resendManyBody,
  notificationPath,
  notificationView,
  orderPath,
} from './notification-schemas';

const page = { status: 200, description: 'A page of notifications', schema: pageOf(notificationView) } as const;
const one = { status: 200, description: 'The notification', schema: notificationView } as const;
const RESEND =
  'It keeps its id and body, so that the receiver can tell a repeat; it is due at once and follows the schedule of its ' +
  'endpoint anew, and its attempts are recorded after those before.';

export const listNotificationsOfOrder = operation({
  id: 'listNotificationsOfOrder',
  method: 'get',
  path: '/',
  summary: 'List the notifications of an order, oldest first',
  params: orderPath,
  query: listQuery,
  answer: page,
  problems: ['invalid_request', 'invalid_cursor', 'not_found'],
});

export const listNotifications = operation({
  id: 'listNotifications',
  method: 'get',
  path: '/',
  summary: 'List notifications with their attempts, newest first',
  query: listNotificationsQuery,
  answer: page,
  problems: ['invalid_request', 'invalid_cursor'],
  example: { query: { status: 'exhausted' } },
});

export const getNotification = operation({
  id: 'getNotification',
  method: 'get',
  path: '/:notification_id',
  summary: 'Read a notification with its attempts',
  params: notificationPath,
  answer: one,
  problems: ['invalid_request', 'not_found'],
});

export const resendNotification = operation({
  id: 'resendNotification',
  method: 'post',
  path: '/:notification_id/resend',
  summary: 'Resend a notification',
  description: RESEND,
  params: notificationPath,
  answer: one,
  problems: ['invalid_request', 'not_found', 'endpoint_disabled', 'not_resendable'],
});

export const listAllNotifications = operation({
  id: 'listAllNotifications',
  method: 'get',
  path: '/',
  summary: 'List the notifications of all merchants with their attempts, newest first',
  query: listAllNotificationsQuery,
  answer: page,
  problems: ['invalid_request', 'invalid_cursor'],
  example: { query: { status: 'exhausted' } },
});

export const getAnyNotification = operation({ ...getNotification, id: 'getAnyNotification' });

export const resendAnyNotification = operation({ ...resendNotification, id: 'resendAnyNotification' });

export const resendFailedNotifications = operation({
  id: 'resendFailedNotifications',
  method: 'post',
  path: '/resend',
  summary: 'Resend what has failed for good since a time, of all endpoints',
  description:
    'Of one merchant or one endpoint where they are named. Endpoints that are disabled are left out: enable them first. ' +
    'Each notification keeps its id and body and follows its schedule anew; of one endpoint 50 become due a second. A call ' +
    'takes at most 5,000: repeat it while `remaining` is true.',
  body: resendManyBody,
  answer: { status: 200, description: 'How many are resent', schema: resentView },
  problems: ['invalid_request'],
  example: { body: { failed_since: '2026-11-20T00:00:00Z' } },
});
