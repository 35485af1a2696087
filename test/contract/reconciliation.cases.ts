import type { Response } from 'supertest';
import { csv, day, handIn, reconcile, setMapping } from '../support/statements';
import { type Channel, OPERATOR_TOKEN, type World } from '../support/world';
import type { ContractCase } from './contract-case';

const AUTHORIZED = ['Authorization', `Bearer ${OPERATOR_TOKEN}`] as const;
const UNKNOWN = 'rcn_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';

const get = async (world: World, path: string): Promise<Response> =>
  world.http.get(`/admin/reconciliation${path}`).set(...AUTHORIZED);

async function mapped(world: World): Promise<Channel> {
  const channel = await world.channel();
  await setMapping(world, channel, { fees: [{ currency: 'USD', rate: '0.01' }] });
  return channel;
}

/** A run with a match, a difference, a lost callback and something on both sides of the pool. */
async function aRun(world: World): Promise<{ id: string; channel: Channel }> {
  const [merchant, channel] = [await world.merchant(), await mapped(world)];
  const [a, b] = [await world.order(merchant), await world.order(merchant)];
  await world.send(channel, world.paid(channel, a, { providerReference: `a${channel.name}` }));
  await world.send(channel, world.paid(channel, b));
  const file = csv([
    { ours: a.payment_reference, theirs: `a${channel.name}`, amount: '100.00', fee: '3' },
    { theirs: `lost${channel.name}`, amount: '1.00' },
    { ours: 'nobodys', amount: '1.00' },
  ]);
  return { id: (await reconcile(world, channel, file)).id, channel };
}

export const cases: readonly ContractCase[] = [
  {
    operation: 'uploadStatement',
    about: 'a statement that is proved',
    status: 201,
    call: async (world) => handIn(world, await mapped(world), csv([{ theirs: 'x', amount: '1', status: 'FAILED' }])),
  },
  {
    operation: 'uploadStatement',
    about: 'a statement that is quarantined',
    status: 201,
    call: async (world) => handIn(world, await mapped(world), 'rubbish'),
  },
  {
    operation: 'uploadStatement',
    about: 'a channel without a mapping',
    status: 409,
    call: async (world) => handIn(world, await world.channel(), 'a,b\n'),
  },
  {
    operation: 'listReconciliationRuns',
    about: 'a page',
    status: 200,
    call: async (world) => {
      await aRun(world);
      return get(world, '/runs?limit=1');
    },
  },
  {
    operation: 'listReconciliationRuns',
    about: 'a cursor that is not ours',
    status: 400,
    call: (world) => get(world, '/runs?cursor=nonsense'),
  },
  {
    operation: 'showReconciliationRun',
    about: 'a run with differences',
    status: 200,
    call: async (world) => get(world, `/runs/${(await aRun(world)).id}`),
  },
  {
    operation: 'showReconciliationRun',
    about: 'a run that is not there',
    status: 404,
    call: (world) => get(world, `/runs/${UNKNOWN}`),
  },
  {
    operation: 'listReconciliationResults',
    about: 'all classes',
    status: 200,
    call: async (world) => get(world, `/runs/${(await aRun(world)).id}/results?limit=100`),
  },
  {
    operation: 'listReconciliationResults',
    about: 'a class that there is not',
    status: 400,
    call: (world) => get(world, `/runs/${UNKNOWN}/results?class=fine`),
  },
  {
    operation: 'listReconciliationPool',
    about: 'both sides',
    status: 200,
    call: async (world) => get(world, `/pool?channel=${(await aRun(world)).channel.name}`),
  },
  {
    operation: 'listReconciliationPool',
    about: 'a side that there is not',
    status: 400,
    call: (world) => get(world, '/pool?side=left'),
  },
  {
    operation: 'examineReconciliationPools',
    about: 'a channel',
    status: 201,
    call: async (world) => {
      const channel = await mapped(world);
      return world.http
        .post('/admin/reconciliation/examinations')
        .set(...AUTHORIZED)
        .send({ channel: channel.name });
    },
  },
  {
    operation: 'examineReconciliationPools',
    about: 'a channel that is not there',
    status: 404,
    call: async (world) =>
      world.http
        .post('/admin/reconciliation/examinations')
        .set(...AUTHORIZED)
        .send({ channel: 'nobody' }),
  },
  {
    operation: 'showStatementMapping',
    about: 'a mapping',
    status: 200,
    call: async (world) => get(world, `/mappings/${(await mapped(world)).name}`),
  },
  {
    operation: 'showStatementMapping',
    about: 'a channel without one',
    status: 409,
    call: async (world) => get(world, `/mappings/${(await world.channel()).name}`),
  },
  {
    operation: 'setStatementMapping',
    about: 'the least that it takes',
    status: 200,
    call: async (world) => {
      const channel = await world.channel();
      const file = { columns: { provider_reference: 'id', amount: 'sum' }, currency: 'EUR' };
      return world.http
        .put(`/admin/reconciliation/mappings/${channel.name}`)
        .set(...AUTHORIZED)
        .send({ file });
    },
  },
  {
    operation: 'setStatementMapping',
    about: 'one that could not be followed',
    status: 400,
    call: async (world) => {
      const channel = await world.channel();
      const file = { columns: { amount: 'sum' }, currency: 'EUR' };
      return world.http
        .put(`/admin/reconciliation/mappings/${channel.name}`)
        .set(...AUTHORIZED)
        .send({ file });
    },
  },
  {
    operation: 'uploadStatement',
    about: 'a day that there is not',
    status: 400,
    call: async (world) => handIn(world, await mapped(world), csv([]), { date: `${day().slice(0, 4)}-02-30` }),
  },
];
