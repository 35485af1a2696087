import type { Response } from 'supertest';
import type { Json, World } from '../support/world';
import { NOBODY, asOperator } from './calls';
import type { ContractCase } from './contract-case';

const one = (
  operation: string,
  about: string,
  status: number,
  call: (world: World) => Promise<Response>,
): ContractCase => ({ operation, about, status, call });

/** The newest of a list, after a payment. */
async function newest(world: World, list: string): Promise<Json> {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.send(channel, world.paid(channel, await world.order(merchant)));
  await world.settled();
  return (await world.admin('get', `/${list}?limit=1`)).data[0];
}

/** A row of ours that waits for its backoff, whatever sweeps do meanwhile. */
async function waiting(world: World, table: 'receipts' | 'outbox'): Promise<string> {
  const id = (await newest(world, table)).id;
  const uuid = id.slice(4);
  const [changed] = await world.query<{ id: string }>(
    table === 'outbox'
      ? `update orders.outbox set status = 'due', done_at = null, attempts = 3, next_try_at = now() + interval '1 hour'
          where id = '${uuid}' returning id`
      : `insert into orders.receipts
           (id, provider, receiving_account, provider_reference, channel_id, amount, currency, payment_reference, status, next_try_at)
         select gen_random_uuid(), provider, receiving_account, gen_random_uuid()::text, channel_id, amount, currency, 'nobodys',
                'waiting', now() + interval '1 hour' from orders.receipts where id = '${uuid}' returning id`,
  );
  return `${table === 'outbox' ? 'msg' : 'rcp'}_${changed!.id}`;
}

const forgetReceipt = async (world: World, id: string): Promise<void> => {
  await world.test.databases.orders.knex.raw(`set session_replication_role = replica;
    delete from orders.receipts where id = '${id.slice(4)}' and status = 'waiting';
    set session_replication_role = origin`);
};

export const cases: readonly ContractCase[] = [
  one('searchMessages', 'a page', 200, async (world) => {
    await newest(world, 'outbox');
    return asOperator(world, 'get', '/outbox?limit=1&status=done');
  }),
  one('searchMessages', 'what is stuck', 200, (world) =>
    asOperator(world, 'get', '/outbox?stuck=true&older_than=60&min_attempts=2'),
  ),
  one('searchMessages', 'an age that is none', 400, (world) => asOperator(world, 'get', '/outbox?older_than=long')),
  one('getMessage', 'one', 200, async (world) =>
    asOperator(world, 'get', `/outbox/${(await newest(world, 'outbox')).id}`),
  ),
  one('getMessage', 'none', 404, (world) => asOperator(world, 'get', `/outbox/msg_${NOBODY}`)),
  one('retryMessage', 'one that waits', 200, async (world) =>
    asOperator(world, 'post', `/outbox/${await waiting(world, 'outbox')}/retry`),
  ),
  one('retryMessage', 'one that is done', 409, async (world) =>
    asOperator(world, 'post', `/outbox/${(await newest(world, 'outbox')).id}/retry`),
  ),
  one('retryMessage', 'none', 404, (world) => asOperator(world, 'post', `/outbox/msg_${NOBODY}/retry`)),
  one('retryReceipt', 'one that waits', 200, async (world) => {
    const id = await waiting(world, 'receipts');
    const answer = await asOperator(world, 'post', `/receipts/${id}/retry`);
    await forgetReceipt(world, id);
    return answer;
  }),
  one('retryReceipt', 'one that is settled', 409, async (world) =>
    asOperator(world, 'post', `/receipts/${(await newest(world, 'receipts')).id}/retry`),
  ),
  one('retryReceipt', 'none', 404, (world) => asOperator(world, 'post', `/receipts/rcp_${NOBODY}/retry`)),
  one('retryTransaction', 'one that has ended', 409, async (world) =>
    asOperator(world, 'post', `/transactions/${(await newest(world, 'transactions')).id}/retry`),
  ),
  one('retryTransaction', 'one that recovery has put off', 200, async (world) => {
    const { id } = await newest(world, 'transactions');
    const set = (changes: string): Promise<unknown> =>
      world.query(`update orders.global_transactions set ${changes} where gid = '${id.slice(4)}'`);
    await set(`status = 'confirming', ended_at = null, attempts = 3, next_try_at = now() + interval '1 hour'`);
    const answer = await asOperator(world, 'post', `/transactions/${id}/retry`);
    await world.settled();
    return answer;
  }),
  one('retryTransaction', 'none', 404, (world) => asOperator(world, 'post', `/transactions/gtx_${NOBODY}/retry`)),
  one('searchReceipts', 'what is stuck', 200, (world) =>
    asOperator(world, 'get', '/receipts?stuck=true&older_than=60&min_attempts=2'),
  ),
  one('searchTransactions', 'what is stuck', 200, (world) =>
    asOperator(world, 'get', '/transactions?stuck=true&older_than=60&min_attempts=2'),
  ),
  one('listAllNotifications', 'what is stuck', 200, (world) =>
    asOperator(world, 'get', '/notifications?stuck=true&older_than=60&min_attempts=2'),
  ),
  one('retryWork', 'everything', 200, (world) => asOperator(world, 'post', '/work/retry', {})),
  one('retryWork', 'of a kind that there is not', 400, (world) =>
    asOperator(world, 'post', '/work/retry', { work: ['dreams'] }),
  ),
  one('resendFailedNotifications', 'of all endpoints', 200, (world) =>
    asOperator(world, 'post', '/notifications/resend', { failed_since: new Date().toISOString() }),
  ),
  one('resendFailedNotifications', 'without a time', 400, (world) =>
    asOperator(world, 'post', '/notifications/resend'),
  ),
];
