import { randomBytes, randomUUID } from 'node:crypto';
import { type World, type Json } from '../support/world';
import { NOBODY, asOperator } from './calls';
import type { ContractCase } from './contract-case';

const key = (): object => ({ purpose: 'webhook_secret', secret: `whsec_${randomBytes(32).toString('base64')}` });
const body = (changes: object = {}): object => ({
  name: `c-${randomUUID()}`,
  provider: 'standard_webhooks',
  receiving_account: 'ACC-1',
  live: true,
  merchants: 'all',
  keys: [key()],
  ...changes,
});
const made = async (world: World): Promise<Json> => (await asOperator(world, 'post', '/channels', body())).body;
const GONE = `/channels/chn_${NOBODY}`;

export const cases: readonly ContractCase[] = [
  {
    operation: 'createChannel',
    about: 'for all merchants',
    status: 201,
    call: (world) => asOperator(world, 'post', '/channels', body()),
  },
  {
    operation: 'createChannel',
    about: 'for one merchant, with a setting and a serial',
    status: 201,
    call: async (world) =>
      asOperator(
        world,
        'post',
        '/channels',
        body({
          provider: 'stripe',
          merchants: [(await world.merchant()).id],
          settings: { payment_reference_key: 'order' },
          keys: [{ purpose: 'webhook_secret', serial: 'S1', secret: 'whsec_0123456789abcdef0123' }],
        }),
      ),
  },
  {
    operation: 'createChannel',
    about: 'a name that is taken',
    status: 409,
    call: async (world) => asOperator(world, 'post', '/channels', body({ name: (await made(world)).name })),
  },
  {
    operation: 'createChannel',
    about: 'a key that is none',
    status: 400,
    call: (world) =>
      asOperator(world, 'post', '/channels', body({ keys: [{ purpose: 'webhook_secret', secret: 'x' }] })),
  },
  {
    operation: 'listChannels',
    about: 'a page',
    status: 200,
    call: async (world) => {
      await made(world);
      return asOperator(world, 'get', '/channels?limit=100');
    },
  },
  {
    operation: 'listChannels',
    about: 'a limit that is too high',
    status: 400,
    call: (world) => asOperator(world, 'get', '/channels?limit=101'),
  },
  {
    operation: 'getChannel',
    about: 'one that is there',
    status: 200,
    call: async (world) => asOperator(world, 'get', `/channels/${(await made(world)).id}`),
  },
  { operation: 'getChannel', about: 'none', status: 404, call: (world) => asOperator(world, 'get', GONE) },
  ...(['disable', 'enable'] as const).flatMap((verb): ContractCase[] => [
    {
      operation: `${verb}Channel`,
      about: 'one that is there',
      status: 200,
      call: async (world) => asOperator(world, 'post', `/channels/${(await made(world)).id}/${verb}`),
    },
    {
      operation: `${verb}Channel`,
      about: 'none',
      status: 404,
      call: (world) => asOperator(world, 'post', `${GONE}/${verb}`),
    },
  ]),
  {
    operation: 'addChannelKey',
    about: 'a second one',
    status: 201,
    call: async (world) => asOperator(world, 'post', `/channels/${(await made(world)).id}/keys`, key()),
  },
  {
    operation: 'addChannelKey',
    about: 'one too many',
    status: 409,
    call: async (world) => {
      const keys = Array.from({ length: 20 }, key);
      const channel = await asOperator(world, 'post', '/channels', body({ keys }));
      return asOperator(world, 'post', `/channels/${channel.body.id}/keys`, key());
    },
  },
  {
    operation: 'addChannelKey',
    about: 'to none',
    status: 404,
    call: (world) => asOperator(world, 'post', `${GONE}/keys`, key()),
  },
  {
    operation: 'revokeChannelKey',
    about: 'the last one',
    status: 204,
    call: async (world) => {
      const channel = await made(world);
      return asOperator(world, 'delete', `/channels/${channel.id}/keys/${channel.keys[0].id}`);
    },
  },
  {
    operation: 'revokeChannelKey',
    about: 'none',
    status: 404,
    call: async (world) => asOperator(world, 'delete', `/channels/${(await made(world)).id}/keys/chk_${NOBODY}`),
  },
];
