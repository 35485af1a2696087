import { operation } from '../http/operation';
import { EXAMPLE_UUID, pageOf } from '../http/shown';
import { messagePath, messageView, retriedView, retryWorkBody, searchMessagesQuery } from './open-work-schemas';

export const searchMessages = operation({
  id: 'searchMessages',
  method: 'get',
  path: '/',
  summary: 'List messages of the outbox, newest first',
  description: 'Each asks for the voucher of a receipt. `stuck=true` lists those that a person should look at.',
  query: searchMessagesQuery,
  answer: { status: 200, description: 'A page of messages', schema: pageOf(messageView) },
  problems: ['invalid_cursor'],
  example: { query: { status: 'due' } },
});

export const getMessage = operation({
  id: 'getMessage',
  method: 'get',
  path: '/:message_id',
  summary: 'Read a message of the outbox',
  params: messagePath,
  answer: { status: 200, description: 'The message', schema: messageView },
  problems: ['not_found'],
  example: { params: { message_id: `msg_${EXAMPLE_UUID}` } },
});

export const retryMessage = operation({
  id: 'retryMessage',
  method: 'post',
  path: '/:message_id/retry',
  summary: 'Consume a message of the outbox now',
  description: 'It is due at once instead of after its backoff; a worker takes it within a second.',
  params: messagePath,
  answer: { status: 200, description: 'The message', schema: messageView },
  problems: ['not_found', 'not_retryable'],
  example: { params: { message_id: `msg_${EXAMPLE_UUID}` } },
});

export const retryWork = operation({
  id: 'retryWork',
  method: 'post',
  path: '/retry',
  summary: 'Try everything now that waits for its backoff',
  description:
    'Receipts that wait, transactions and messages that recovery has put off after a failure, and notifications that are ' +
    'due and were put off because their endpoint fails. What a process works on just now is left alone, and so is the ' +
    'schedule of notifications: resend what has failed for good. Repeat the call while `more` is true.',
  body: retryWorkBody,
  answer: { status: 200, description: 'How much is tried now', schema: retriedView },
  problems: [],
  example: { body: { work: ['transactions', 'messages'] } },
});
