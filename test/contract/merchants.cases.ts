import { randomUUID } from 'node:crypto';
import { OPERATOR_TOKEN } from '../support/world';
import { NOBODY, asOperator } from './calls';
import type { ContractCase } from './contract-case';

const GONE = `/merchants/mer_${NOBODY}`;

export const cases: readonly ContractCase[] = [
  {
    operation: 'createMerchant',
    about: 'a new one',
    status: 201,
    call: (world) => asOperator(world, 'post', '/merchants', { name: randomUUID() }),
  },
  {
    operation: 'createMerchant',
    about: 'the same again under its idempotency key',
    status: 201,
    call: async (world) => {
      const send = () =>
        world.http
          .post('/admin/merchants')
          .set({ Authorization: `Bearer ${OPERATOR_TOKEN}`, 'Idempotency-Key': 'contract-merchant' })
          .send({ name: 'made once' });
      await send();
      const again = await send();
      expect(again.headers['idempotency-replayed']).toBe('true');
      return again;
    },
  },
  {
    operation: 'createMerchant',
    about: 'other content under a key that was used',
    status: 409,
    call: async (world) => {
      const send = (name: string) =>
        world.http
          .post('/admin/merchants')
          .set({ Authorization: `Bearer ${OPERATOR_TOKEN}`, 'Idempotency-Key': 'contract-conflict' })
          .send({ name });
      await send(randomUUID());
      return send(randomUUID());
    },
  },
  {
    operation: 'createMerchant',
    about: 'a name that is taken',
    status: 409,
    call: async (world) => {
      const name = randomUUID();
      await asOperator(world, 'post', '/merchants', { name });
      return asOperator(world, 'post', '/merchants', { name });
    },
  },
  {
    operation: 'createMerchant',
    about: 'a body that is not valid',
    status: 400,
    call: (world) => asOperator(world, 'post', '/merchants', { name: '', extra: 1 }),
  },
  {
    operation: 'createMerchant',
    about: 'a body that is not JSON',
    status: 400,
    call: async (world) =>
      world.http
        .post('/admin/merchants')
        .set({ Authorization: `Bearer ${OPERATOR_TOKEN}`, 'Content-Type': 'application/json' })
        .send('{"name":'),
  },
  {
    operation: 'createMerchant',
    about: 'a body of another type',
    status: 415,
    call: async (world) =>
      world.http
        .post('/admin/merchants')
        .set({ Authorization: `Bearer ${OPERATOR_TOKEN}`, 'Content-Type': 'text/plain' })
        .send('name'),
  },
  {
    operation: 'createMerchant',
    about: 'a body that is too large',
    status: 413,
    call: (world) => asOperator(world, 'post', '/merchants', { name: 'x'.repeat(70_000) }),
  },
  {
    operation: 'listMerchants',
    about: 'a page',
    status: 200,
    call: async (world) => {
      await world.merchant();
      await world.merchant();
      const page = await asOperator(world, 'get', '/merchants?limit=1');
      return asOperator(world, 'get', `/merchants?limit=1&cursor=${page.body.next_cursor}`);
    },
  },
  {
    operation: 'listMerchants',
    about: 'a cursor that is not ours',
    status: 400,
    call: (world) => asOperator(world, 'get', '/merchants?cursor=x'),
  },
  {
    operation: 'listMerchants',
    about: 'without a token',
    status: 401,
    call: async (world) => world.http.get('/admin/merchants'),
  },
  {
    operation: 'getMerchant',
    about: 'one that is there',
    status: 200,
    call: async (world) => asOperator(world, 'get', `/merchants/${(await world.merchant()).id}`),
  },
  { operation: 'getMerchant', about: 'none', status: 404, call: (world) => asOperator(world, 'get', GONE) },
  {
    operation: 'getMerchant',
    about: 'an id of something else',
    status: 400,
    call: (world) => asOperator(world, 'get', `/merchants/ord_${NOBODY}`),
  },
  ...(['suspend', 'activate'] as const).flatMap((verb): ContractCase[] => [
    {
      operation: `${verb}Merchant`,
      about: 'one that is there',
      status: 200,
      call: async (world) => asOperator(world, 'post', `/merchants/${(await world.merchant()).id}/${verb}`),
    },
    {
      operation: `${verb}Merchant`,
      about: 'none',
      status: 404,
      call: (world) => asOperator(world, 'post', `${GONE}/${verb}`),
    },
  ]),
  {
    operation: 'createApiKey',
    about: 'a new one',
    status: 201,
    call: async (world) =>
      asOperator(world, 'post', `/merchants/${(await world.merchant()).id}/api-keys`, { name: 'till' }),
  },
  {
    operation: 'createApiKey',
    about: 'of a merchant that there is not',
    status: 404,
    call: (world) => asOperator(world, 'post', `${GONE}/api-keys`, { name: 'till' }),
  },
  {
    operation: 'listApiKeys',
    about: 'good ones and a revoked one',
    status: 200,
    call: async (world) => {
      const keys = `/merchants/${(await world.merchant()).id}/api-keys`;
      const made = await asOperator(world, 'post', keys, { name: 'lost' });
      await asOperator(world, 'delete', `${keys}/${made.body.id}`);
      return asOperator(world, 'get', keys);
    },
  },
  {
    operation: 'listApiKeys',
    about: 'none',
    status: 404,
    call: (world) => asOperator(world, 'get', `${GONE}/api-keys`),
  },
  {
    operation: 'revokeApiKey',
    about: 'one that is good',
    status: 204,
    call: async (world) => {
      const keys = `/merchants/${(await world.merchant()).id}/api-keys`;
      const made = await asOperator(world, 'post', keys, { name: 'lost' });
      return asOperator(world, 'delete', `${keys}/${made.body.id}`);
    },
  },
  {
    operation: 'revokeApiKey',
    about: 'none',
    status: 404,
    call: async (world) =>
      asOperator(world, 'delete', `/merchants/${(await world.merchant()).id}/api-keys/key_${NOBODY}`),
  },
];
