import { randomUUID } from 'node:crypto';
import type { Response } from 'supertest';
import { statement } from '../../src/consistency/transaction';
import type { Json, Merchant, World } from '../support/world';
import { NOBODY, asMerchant, asOperator } from './calls';
import type { ContractCase } from './contract-case';

const paid = new WeakMap<World, Promise<Merchant>>();

/** A merchant with one settled payment, money and points: the same for every case of a world. */
function paidMerchant(world: World): Promise<Merchant> {
  const merchant = paid.get(world) ?? payOnce(world);
  paid.set(world, merchant);
  return merchant;
}

async function payOnce(world: World): Promise<Merchant> {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  await asOperator(world, 'put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
  const order = await world.order(merchant, { customer: 'anna' });
  await world.send(channel, world.paid(channel, order)).expect(204);
  await world.settled();
  return merchant;
}

const accountsOf = async (world: World, { id }: Merchant, path = 'accounts'): Promise<Json> =>
  (await asOperator(world, 'get', `/${path}?owner=${id}`)).body.data;
const payee = async (world: World): Promise<Json> =>
  (
    await asOperator(world, 'post', `/merchants/${(await world.merchant()).id}/accounts`, {
      reference: 'p',
      currency: 'EUR',
    })
  ).body;
const suspense = async (world: World): Promise<Json> => {
  const channel = await world.channel();
  await world.send(channel, world.paid(channel, { amount: '5.00', currency: 'USD' })).expect(204);
  return (await asOperator(world, 'get', '/accounts?kind=suspense')).body.data[0];
};

const VERBS = ['freeze', 'unfreeze', 'close'] as const;
const ofMoney = VERBS.flatMap((verb): ContractCase[] => [
  {
    operation: `${verb}Account`,
    about: 'a payee’s',
    status: 200,
    call: async (world) => asOperator(world, 'post', `/accounts/${(await payee(world)).id}/${verb}`),
  },
  {
    operation: `${verb}Account`,
    about: 'suspense',
    status: 409,
    call: async (world) => asOperator(world, 'post', `/accounts/${(await suspense(world)).id}/${verb}`),
  },
  {
    operation: `${verb}Account`,
    about: 'none',
    status: 404,
    call: (world) => asOperator(world, 'post', `/accounts/acc_${NOBODY}/${verb}`),
  },
]);

const onPoints = async (world: World, verb: string): Promise<Response> => {
  const [account] = await accountsOf(world, await paidMerchant(world), 'points-accounts');
  return asOperator(world, 'post', `/points-accounts/${account.id}/${verb}`);
};
const ofPoints = VERBS.flatMap((verb): ContractCase[] => [
  {
    operation: `${verb}PointsAccount`,
    about: verb === 'close' ? 'one that is not empty' : 'a customer’s',
    status: verb === 'close' ? 409 : 200,
    call: (world) => onPoints(world, verb),
  },
  {
    operation: `${verb}PointsAccount`,
    about: 'none',
    status: 404,
    call: (world) => asOperator(world, 'post', `/points-accounts/acc_${NOBODY}/${verb}`),
  },
]);

/** Points cannot be spent yet, so that an account without any has to be made by hand. */
const withoutPoints = async (world: World): Promise<string> => {
  const id = randomUUID();
  await world.test.databases.points.query(
    statement(
      'test.points',
      `insert into points.accounts (id, code, kind, owner, unit) values ($1, $2, 'customer', $3, 'POINTS')`,
    ),
    [id, `customer/${NOBODY}/${id}`, `${NOBODY}/${id}`],
  );
  return `acc_${id}`;
};

export const cases: readonly ContractCase[] = [
  {
    operation: 'closePointsAccount',
    about: 'one that is empty',
    status: 200,
    call: async (world) => asOperator(world, 'post', `/points-accounts/${await withoutPoints(world)}/close`),
  },
  ...ofMoney,
  ...ofPoints,
  {
    operation: 'listAccounts',
    about: 'of every kind',
    status: 200,
    call: async (world) => {
      await paidMerchant(world);
      await payee(world);
      await suspense(world);
      return asOperator(world, 'get', '/accounts?limit=100');
    },
  },
  {
    operation: 'listAccounts',
    about: 'of no kind',
    status: 400,
    call: (world) => asOperator(world, 'get', '/accounts?kind=x'),
  },
  {
    operation: 'getAccount',
    about: 'a payee’s',
    status: 200,
    call: async (world) => asOperator(world, 'get', `/accounts/${(await payee(world)).id}`),
  },
  {
    operation: 'getAccount',
    about: 'none',
    status: 404,
    call: (world) => asOperator(world, 'get', `/accounts/acc_${NOBODY}`),
  },
  {
    operation: 'listPointsAccounts',
    about: 'of a merchant’s customers',
    status: 200,
    call: async (world) => asOperator(world, 'get', `/points-accounts?owner=${(await paidMerchant(world)).id}`),
  },
  {
    operation: 'listPointsAccounts',
    about: 'of nobody who can be',
    status: 400,
    call: (world) => asOperator(world, 'get', '/points-accounts?owner=me'),
  },
  {
    operation: 'getPointsAccount',
    about: 'a customer’s',
    status: 200,
    call: async (world) => {
      const [account] = await accountsOf(world, await paidMerchant(world), 'points-accounts');
      return asOperator(world, 'get', `/points-accounts/${account.id}`);
    },
  },
  {
    operation: 'getPointsAccount',
    about: 'none',
    status: 404,
    call: (world) => asOperator(world, 'get', `/points-accounts/acc_${NOBODY}`),
  },
  {
    operation: 'openPayeeAccount',
    about: 'a new one',
    status: 201,
    call: async (world) =>
      asOperator(world, 'post', `/merchants/${(await world.merchant()).id}/accounts`, {
        reference: 'p',
        currency: 'JPY',
      }),
  },
  {
    operation: 'openPayeeAccount',
    about: 'in no currency',
    status: 422,
    call: async (world) =>
      asOperator(world, 'post', `/merchants/${(await world.merchant()).id}/accounts`, {
        reference: 'p',
        currency: 'XXX',
      }),
  },
  {
    operation: 'listOwnAccounts',
    about: 'after a payment',
    status: 200,
    call: async (world) => asMerchant(world, await paidMerchant(world), 'get', '/accounts'),
  },
  {
    operation: 'listOwnAccounts',
    about: 'with a key that is none',
    status: 401,
    call: (world) => asMerchant(world, { key: 'qk_x' }, 'get', '/accounts'),
  },
  {
    operation: 'listOwnAccounts',
    about: 'of a suspended merchant',
    status: 403,
    call: async (world) => {
      const merchant = await world.merchant();
      await asOperator(world, 'post', `/merchants/${merchant.id}/suspend`);
      return asMerchant(world, merchant, 'get', '/accounts');
    },
  },
  {
    operation: 'getOwnAccount',
    about: 'its own',
    status: 200,
    call: async (world) => {
      const merchant = await paidMerchant(world);
      const [account] = await accountsOf(world, merchant);
      return asMerchant(world, merchant, 'get', `/accounts/${account.id}`);
    },
  },
  {
    operation: 'getOwnAccount',
    about: 'another’s',
    status: 404,
    call: async (world) => asMerchant(world, await world.merchant(), 'get', `/accounts/${(await payee(world)).id}`),
  },
  {
    operation: 'listOwnEntries',
    about: 'after a payment',
    status: 200,
    call: async (world) => {
      const merchant = await paidMerchant(world);
      const [account] = await accountsOf(world, merchant);
      return asMerchant(world, merchant, 'get', `/accounts/${account.id}/entries`);
    },
  },
  {
    operation: 'listOwnEntries',
    about: 'of none',
    status: 404,
    call: async (world) => asMerchant(world, await world.merchant(), 'get', `/accounts/acc_${NOBODY}/entries`),
  },
  {
    operation: 'getCustomerPoints',
    about: 'after a payment',
    status: 200,
    call: async (world) => asMerchant(world, await paidMerchant(world), 'get', '/customers/anna/points'),
  },
  {
    operation: 'getCustomerPoints',
    about: 'of somebody who never earned any',
    status: 200,
    call: async (world) => asMerchant(world, await world.merchant(), 'get', '/customers/nobody/points'),
  },
  {
    operation: 'getCustomerPoints',
    about: 'of a name that is none',
    status: 400,
    call: async (world) => asMerchant(world, await world.merchant(), 'get', `/customers/${'x'.repeat(201)}/points`),
  },
];
