import type { Response } from 'supertest';
import { type Json, OPERATOR_TOKEN, type World } from '../support/world';
import type { ContractCase } from './contract-case';

const NOBODY = 'inc_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';

const call = (world: World, method: 'get' | 'post', path: string, body?: object): Promise<Response> =>
  Promise.resolve(
    world.http[method](`/admin/incidents${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`).send(body),
  );

/** The id of a new incident: somebody paid too little. */
async function opened(world: World): Promise<string> {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const order = await world.order(merchant);
  await world.send(channel, world.paid(channel, order, { amount: '1.00' }));
  const { data } = await world.admin('get', `/incidents?order=${order.id}`);
  return (data as Json[])[0].id;
}

const note = { note: 'paid back by hand' };
const resolved = async (world: World): Promise<string> => {
  const id = await opened(world);
  await world.admin('post', `/incidents/${id}/resolve`, note);
  return id;
};
const one = (
  operation: string,
  about: string,
  status: number,
  run: (world: World) => Promise<Response>,
): ContractCase => ({ operation, about, status, call: run });

export const cases: readonly ContractCase[] = [
  one('listIncidents', 'a page', 200, async (world) => {
    await opened(world);
    return call(world, 'get', '?limit=1&status=open&severity=high');
  }),
  one('listIncidents', 'a cursor that is not ours', 400, (world) => call(world, 'get', '?cursor=nonsense')),
  one('getIncident', 'with its history', 200, async (world) => call(world, 'get', `/${await resolved(world)}`)),
  one('getIncident', 'one that is not there', 404, (world) => call(world, 'get', `/${NOBODY}`)),
  one('listIncidentEvents', 'a page', 200, async (world) => call(world, 'get', `/${await resolved(world)}/events`)),
  one('listIncidentEvents', 'of one that is not there', 404, (world) => call(world, 'get', `/${NOBODY}/events`)),
  one('assignIncident', 'to a colleague', 200, async (world) =>
    call(world, 'post', `/${await opened(world)}/assign`, { assignee: 'alice' }),
  ),
  one('assignIncident', 'one that is resolved', 409, async (world) =>
    call(world, 'post', `/${await resolved(world)}/assign`, {}),
  ),
  one('assignIncident', 'one that somebody has', 409, async (world) => {
    const id = await opened(world);
    await call(world, 'post', `/${id}/assign`, { assignee: 'alice' });
    return call(world, 'post', `/${id}/assign`, { assignee: 'bob' });
  }),
  one('unassignIncident', 'one that somebody has', 200, async (world) => {
    const id = await opened(world);
    await call(world, 'post', `/${id}/assign`, { assignee: 'alice' });
    return call(world, 'post', `/${id}/unassign`);
  }),
  one('unassignIncident', 'one that has changed', 409, async (world) => {
    const id = await opened(world);
    await call(world, 'post', `/${id}/assign`, {});
    return call(world, 'post', `/${id}/unassign`, { version: 1 });
  }),
  one('noteIncident', 'what was found', 200, async (world) =>
    call(world, 'post', `/${await opened(world)}/notes`, note),
  ),
  one('noteIncident', 'nothing', 400, (world) => call(world, 'post', `/${NOBODY}/notes`, { note: ' ' })),
  one('resolveIncident', 'one that is open', 200, async (world) =>
    call(world, 'post', `/${await opened(world)}/resolve`, note),
  ),
  one('resolveIncident', 'one that is resolved', 409, async (world) =>
    call(world, 'post', `/${await resolved(world)}/resolve`, note),
  ),
  one('reopenIncident', 'one that is resolved', 200, async (world) =>
    call(world, 'post', `/${await resolved(world)}/reopen`, note),
  ),
  one('reopenIncident', 'one that is open', 409, async (world) =>
    call(world, 'post', `/${await opened(world)}/reopen`, note),
  ),
  one('resolveIncidents', 'of a kind', 200, (world) =>
    call(world, 'post', '/resolve', { kind: 'endpoint_gone', before: '2026-11-21T09:30:00Z', ...note }),
  ),
  one('resolveIncidents', 'a time that is none', 400, (world) =>
    call(world, 'post', '/resolve', { kind: 'endpoint_gone', before: 'yesterday', ...note }),
  ),
];
