import { randomBytes } from 'node:crypto';
import type { Database, Databases, SchemaName } from '../../src/consistency/transaction';
import { Unavailable } from '../../src/core/errors';
import { NO_QUEUE } from '../support/service-world';
import type { TestDatabases } from '../support/databases';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';
import { type Account, type Command, type OrderState, type Outage, receiptKey } from './order-model';

/** A process of the service whose databases fail as a test wants it. */
export interface FailingWorld {
  readonly world: World;
  readonly out: Set<Outage>;
}

export async function startFailingWorld(test: TestDatabases, masterKey: Buffer): Promise<FailingWorld> {
  const out = new Set<Outage>();
  const databases = failing(test.databases, out);
  const on = { test: { ...test, databases, urls: NO_QUEUE }, masterKey };
  return { world: await startWorld({ on, working: false }), out };
}

function failing(databases: Databases, out: ReadonlySet<Outage>): Databases {
  const wrap = <S extends SchemaName>(db: Database<S>): Database<S> => ({
    ...db,
    transact: async (name, work, isolation) => {
      const isDown =
        out.has(db.schema as Outage) ||
        (name === 'transactions.decide' && out.has('decision')) ||
        (name === 'balances.confirm' && out.has('confirm'));
      if (isDown) throw new Unavailable(`database ${db.schema}`, 'the test');
      const result = await db.transact(name, work, isolation);
      if (name === 'transactions.decide' && out.has('decision lost')) throw new Unavailable('the answer', 'the test');
      return result;
    },
  });
  return {
    orders: wrap(databases.orders),
    accounts: wrap(databases.accounts),
    points: wrap(databases.points),
    accounting: databases.accounting,
  };
}

/** One run's merchant with its orders, channels and accounts. */
export interface Shop {
  readonly merchant: Merchant;
  readonly channels: Readonly<Record<string, Channel>>;
  readonly orders: readonly Json[];
  readonly accounts: Readonly<Record<Account, string>>;
  readonly run: string;
}

export const CHANNELS = ['A', 'B'] as const;

export function newOrders(): OrderState['orders'] {
  const order = { status: 'open', claimedBy: null, mustExpire: false } as const;
  return [
    { ...order, takes: CHANNELS, shares: true, isThere: true },
    { ...order, takes: ['A'], shares: false, isThere: true },
    { ...order, takes: CHANNELS, shares: false, isThere: false },
  ];
}

/** What the model begins with: a payee and points in the first order, one channel for the second, the third not there yet. */
export async function openShop(world: World): Promise<Shop> {
  const [merchant, A, B] = await Promise.all([world.merchant(), world.channel(), world.channel()]);
  await world.admin('put', `/merchants/${merchant.id}/fee-plans/USD`, { rate: '0.02' });
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
  const open = { reference: 'payee', currency: 'USD' };
  const payee = await world.admin('post', `/merchants/${merchant.id}/accounts`, open);
  const shares = { customer: 'anna', splits: [{ account: payee.id, amount: '5.00' }] };
  // The first payment opens the accounts, so that they can be frozen.
  const first = await world.order(merchant, shares);
  await world.send(A, world.paid(A, first)).expect(204);
  const [one, two, three] = [
    await world.order(merchant, shares),
    await world.order(merchant, { channels: [A.name] }),
    await world.order(merchant),
  ];
  const hidden = 'update orders.orders set payment_reference = $2 where payment_reference = $1';
  await world.query(hidden, [three.payment_reference, randomBytes(16).toString('hex')]);
  const found = await world.query<{ kind: Account; id: string }>(
    `select kind, 'acc_' || id as id from accounts.accounts where owner = $1
     union all select kind, 'acc_' || id from points.accounts where owner = $1 || '/anna'`,
    [merchant.id.replace('mer_', '')],
  );
  const accounts = Object.fromEntries(found.map(({ kind, id }) => [kind, id])) as Shop['accounts'];
  return { merchant, channels: { A, B }, orders: [one, two, three], accounts, run: randomBytes(6).toString('hex') };
}

/** Carries out a command and waits for what it has left in the background; the status of the answer, if there is one. */
export async function execute({ world, out }: FailingWorld, shop: Shop, command: Command): Promise<number | null> {
  switch (command.kind) {
    case 'paid':
    case 'failed':
    case 'forged': {
      const { status } = await world.send(shop.channels[command.channel]!, callback(shop, command));
      return status;
    }
    case 'close': {
      const path = `/v1/orders/${shop.orders[command.order].id}/close`;
      const { status } = await world.http.post(path).set('Authorization', `Bearer ${shop.merchant.key}`).send({});
      return status;
    }
    case 'expire':
      await world.query(`update orders.orders set expires_at = now() - interval '1 hour' where id = $1`, [
        shop.orders[command.order].id.replace('ord_', ''),
      ]);
      await sweep(world, 'expired orders');
      return null;
    case 'appear':
      await world.query('update orders.orders set payment_reference = $1 where id = $2', [
        shop.orders[command.order].payment_reference,
        shop.orders[command.order].id.replace('ord_', ''),
      ]);
      return null;
    case 'freeze':
    case 'unfreeze': {
      const path = command.account === 'customer' ? 'points-accounts' : 'accounts';
      await world.admin('post', `/${path}/${shop.accounts[command.account]}/${command.kind}`);
      return null;
    }
    case 'out':
      out.add(command.what);
      return null;
    case 'back':
      out.delete(command.what);
      return null;
    case 'minute':
      await world.query(`update orders.receipts set received_at = received_at - interval '1 minute'`);
      return null;
    case 'recover':
      await recoverAll(world);
      return null;
  }
}

function callback(shop: Shop, command: Extract<Command, { reference: number }>) {
  const channel = shop.channels[command.channel]!;
  const [amount, currency] = command.money.split(' ') as [string, string];
  const payment = {
    providerReference: `${shop.run}-${receiptKey(command)}`,
    ...(command.order === null ? {} : { paymentReference: shop.orders[command.order].payment_reference }),
    ...{ amount, currency, account: channel.account, live: true },
  };
  if (command.kind === 'failed') return channel.bank.failed(payment);
  const paid = channel.bank.paid(payment);
  if (command.kind === 'paid') return paid;
  return { ...paid, body: Buffer.from(paid.body.toString().replace('"live":true', '"live": true')) };
}

async function sweep(world: World, name: string): Promise<void> {
  await world.wired.sweeps.find((one) => one.name === name)!.run();
  await world.wired.drain();
}

/** What is left is due now, as often as one recovery may have to wait for another; what is being worked on is let be. */
export async function recoverAll(world: World): Promise<void> {
  const makeDue = (table: string, key: string): Promise<unknown> =>
    world.query(
      `update orders.${table} set next_try_at = clock_timestamp() where ${key} in (
         select ${key} from orders.${table} where next_try_at is not null order by ${key} for update skip locked)`,
    );
  for (let round = 0; round < 3; round += 1) {
    await makeDue('global_transactions', 'gid');
    await sweep(world, 'transactions');
    await makeDue('receipts', 'id');
    await sweep(world, 'receipts');
  }
}

export interface SeenReceipt {
  readonly outcome: string | null;
  readonly entries: readonly string[];
  readonly incidents: readonly string[];
}
export interface SeenOrder {
  readonly status: string;
  readonly isClaimed: boolean;
  /** What there is to tell its merchant: the event, and the order's status in its text. */
  readonly told: readonly string[];
}
export interface SeenShop {
  readonly orders: readonly SeenOrder[];
  readonly receipts: Readonly<Record<string, SeenReceipt>>;
}

/** How the shop stands in all the databases, in the model's words. */
export async function seenIn(world: World, shop: Shop): Promise<SeenShop> {
  const orders = await world.query<{ id: string; status: string; claimed: boolean; told: string[] }>(
    `select 'ord_' || o.id as id, o.status, o.claimed_by is not null as claimed,
            array(select n.type || ' ' || (n.payload::jsonb #>> '{data,status}') from orders.notifications n
                   where n.order_id = o.id) as told
       from orders.orders o where 'ord_' || o.id = any($1)`,
    [shop.orders.map(({ id }) => id)],
  );
  const receipts = await world.query<{ key: string; outcome: string | null; entries: string[]; incidents: string[] }>(
    `select substr(r.provider_reference, 14) as key, r.outcome,
            array(select a.kind || ' ' || trim_scale(e.amount)
                    from orders.global_transactions t join accounts.entries e on e.gid = t.gid
                    join accounts.accounts a on a.id = e.account_id where t.receipt_id = r.id
                   union all
                  select a.kind || ' ' || trim_scale(e.amount)
                    from orders.global_transactions t join points.entries e on e.gid = t.gid
                    join points.accounts a on a.id = e.account_id where t.receipt_id = r.id) as entries,
            array(select i.kind || case when i.kind = 'receipt_changed' then ' ' || (i.facts ->> 'said') else '' end
                    from orders.incidents i where i.receipt_id = r.id) as incidents
       from orders.receipts r where r.provider_reference like $1 || '-%'`,
    [shop.run],
  );
  const byId = new Map(orders.map((order) => [order.id, order]));
  return {
    orders: shop.orders.map(({ id }) => {
      const { status, claimed, told } = byId.get(id)!;
      return { status, isClaimed: claimed, told };
    }),
    receipts: Object.fromEntries(
      receipts.map(({ key, outcome, entries, incidents }) => [
        key,
        { outcome, entries: entries.toSorted(), incidents: incidents.toSorted() },
      ]),
    ),
  };
}

/** Of an order that is open nobody is told; of its end once. */
export function toldOf(status: string): readonly string[] {
  return status === 'open' ? [] : [`order.${status} ${status}`];
}

export function seenInModel(state: OrderState): SeenShop {
  return {
    orders: state.orders.map(({ status, claimedBy }) => ({
      status,
      isClaimed: claimedBy !== null,
      told: toldOf(status),
    })),
    receipts: Object.fromEntries(
      Object.entries(state.receipts).map(([key, { outcome, credits, confirmed, incidents }]) => [
        key,
        {
          outcome,
          entries: confirmed.flatMap((one) => credits[one]).toSorted(),
          incidents: incidents.toSorted(),
        },
      ]),
    ),
  };
}

/** Money as it arrived, and what became of it. */
export interface SeenMoney extends SeenReceipt {
  readonly key: string;
  readonly channel: string;
  readonly money: string;
  /** The place of the order that it names, null where it names none. */
  readonly order: number | null;
  readonly status: string;
}

export async function moneyIn(world: World, shop: Shop): Promise<readonly SeenMoney[]> {
  const { receipts } = await seenIn(world, shop);
  const rows = await world.query<{ key: string; money: string; reference: string | null; status: string }>(
    `select substr(provider_reference, 14) as key, payment_reference as reference, status,
            case currency when 'USD' then amount::numeric(24,2) else amount::numeric(24,0) end || ' ' || currency as money
       from orders.receipts where provider_reference like $1 || '-%'`,
    [shop.run],
  );
  return rows.map(({ key, money, reference, status }) => {
    const order = shop.orders.findIndex((one) => one.payment_reference === reference);
    return { ...receipts[key]!, key, channel: key.slice(0, 1), money, order: order < 0 ? null : order, status };
  });
}
