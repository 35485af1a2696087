import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import {
  apiKeyPath,
  apiKeyView,
  createApiKeyBody,
  createMerchantBody,
  listQuery,
  merchantPath,
  merchantView,
  newApiKeyView,
} from './merchant-schemas';

export const createMerchant = operation({
  id: 'createMerchant',
  method: 'post',
  path: '/',
  summary: 'Create a merchant',
  body: createMerchantBody,
  answer: { status: 201, description: 'The merchant', schema: merchantView },
  problems: ['name_taken'],
  example: { body: { name: 'Anna’s Books' } },
});

export const listMerchants = operation({
  id: 'listMerchants',
  method: 'get',
  path: '/',
  summary: 'List merchants, newest first',
  query: listQuery,
  answer: { status: 200, description: 'A page of merchants', schema: pageOf(merchantView) },
  problems: ['invalid_cursor'],
  example: { query: {} },
});

export const getMerchant = operation({
  id: 'getMerchant',
  method: 'get',
  path: '/:merchant_id',
  summary: 'Read a merchant',
  params: merchantPath,
  answer: { status: 200, description: 'The merchant', schema: merchantView },
  problems: ['not_found'],
});

export const suspendMerchant = operation({
  id: 'suspendMerchant',
  method: 'post',
  path: '/:merchant_id/suspend',
  summary: 'Suspend a merchant',
  description:
    'Its keys are answered with `forbidden`, within a second or so. Payments of its orders go on settling, because the ' +
    'money is there. Suspending one that is suspended changes nothing.',
  params: merchantPath,
  answer: { status: 200, description: 'The suspended merchant', schema: merchantView },
  problems: ['not_found'],
});

export const activateMerchant = operation({
  id: 'activateMerchant',
  method: 'post',
  path: '/:merchant_id/activate',
  summary: 'Let a suspended merchant in again',
  description: 'Activating one that is active changes nothing.',
  params: merchantPath,
  answer: { status: 200, description: 'The active merchant', schema: merchantView },
  problems: ['not_found'],
});

export const createApiKey = operation({
  id: 'createApiKey',
  method: 'post',
  path: '/:merchant_id/api-keys',
  summary: 'Make an API key for a merchant',
  description: 'The key is in this answer and nowhere else: what is stored is its hash. A merchant may have several.',
  params: merchantPath,
  body: createApiKeyBody,
  answer: { status: 201, description: 'The key', schema: newApiKeyView },
  problems: ['not_found'],
  example: { body: { name: 'web shop' } },
});

export const listApiKeys = operation({
  id: 'listApiKeys',
  method: 'get',
  path: '/:merchant_id/api-keys',
  summary: 'List a merchant’s API keys, newest first, revoked ones too',
  params: merchantPath,
  query: listQuery,
  answer: { status: 200, description: 'A page of keys, as they begin', schema: pageOf(apiKeyView) },
  problems: ['not_found', 'invalid_cursor'],
  example: { query: {} },
});

export const revokeApiKey = operation({
  id: 'revokeApiKey',
  method: 'delete',
  path: '/:merchant_id/api-keys/:key_id',
  summary: 'Revoke an API key',
  description: 'It is refused within a second or so. Revoking one that is revoked changes nothing.',
  params: apiKeyPath,
  answer: { status: 204, description: 'The key is revoked' },
  problems: ['not_found'],
});
