import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import {
  channelKeyPath,
  channelKeyView,
  channelPath,
  channelView,
  createChannelBody,
  createKeyBody,
  listQuery,
} from './channel-schemas';

const EXAMPLE_KEY = { purpose: 'webhook_secret', secret: 'whsec_Zm9yIGV4YW1wbGUgb25seSwgbm90IGEgcmVhbCBrZXk=' };

export const createChannel = operation({
  id: 'createChannel',
  method: 'post',
  path: '/',
  summary: 'Create a channel',
  description:
    'What its provider’s callbacks are verified with is checked now: a wrong key is `invalid_request`, and `errors` names it. ' +
    'Tell the provider to call `callback_path` of the answer.',
  body: createChannelBody,
  answer: { status: 201, description: 'The channel', schema: channelView },
  problems: ['name_taken'],
  example: {
    body: {
      name: 'main-bank',
      provider: 'standard_webhooks',
      receiving_account: 'ACC-EUR-1',
      live: true,
      merchants: 'all',
      keys: [EXAMPLE_KEY],
    },
  },
});

export const listChannels = operation({
  id: 'listChannels',
  method: 'get',
  path: '/',
  summary: 'List channels, newest first',
  query: listQuery,
  answer: { status: 200, description: 'A page of channels', schema: pageOf(channelView) },
  problems: ['invalid_cursor'],
  example: { query: {} },
});

export const getChannel = operation({
  id: 'getChannel',
  method: 'get',
  path: '/:channel_id',
  summary: 'Read a channel',
  params: channelPath,
  answer: { status: 200, description: 'The channel', schema: channelView },
  problems: ['not_found'],
});

export const disableChannel = operation({
  id: 'disableChannel',
  method: 'post',
  path: '/:channel_id/disable',
  summary: 'Disable a channel',
  description: 'Its callbacks are answered with 404, within a second or so; what it said before goes on settling.',
  params: channelPath,
  answer: { status: 200, description: 'The disabled channel', schema: channelView },
  problems: ['not_found'],
});

export const enableChannel = operation({
  id: 'enableChannel',
  method: 'post',
  path: '/:channel_id/enable',
  summary: 'Enable a disabled channel',
  params: channelPath,
  answer: { status: 200, description: 'The active channel', schema: channelView },
  problems: ['not_found'],
});

export const addChannelKey = operation({
  id: 'addChannelKey',
  method: 'post',
  path: '/:channel_id/keys',
  summary: 'Add a key to a channel, beside those that it has',
  description:
    'To rotate a key: add the new one, tell the provider, revoke the old one. At most 20 keys are active at once.',
  params: channelPath,
  body: createKeyBody,
  answer: { status: 201, description: 'The key', schema: channelKeyView },
  problems: ['not_found', 'conflict'],
  example: { body: EXAMPLE_KEY },
});

export const revokeChannelKey = operation({
  id: 'revokeChannelKey',
  method: 'delete',
  path: '/:channel_id/keys/:key_id',
  summary: 'Revoke a key of a channel',
  description: 'The last one too: a stolen key must go, even if nothing can be verified without it.',
  params: channelKeyPath,
  answer: { status: 204, description: 'The key is revoked' },
  problems: ['not_found'],
});
