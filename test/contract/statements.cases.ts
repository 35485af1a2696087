import { asMerchant, asOperator, operatorCase, paidMerchant } from './books-calls';
import type { ContractCase } from './contract-case';

const NOBODY = 'acc_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';
const FUTURE = '2190-01-01T00:00:00Z';

const ofOperator = (operation: string, about: string, path: string, status = 200): ContractCase => ({
  operation,
  about,
  status,
  call: async (world) => asOperator(world, `/accounts/${(await paidMerchant(world)).account}${path}`),
});
const ofMerchant = (operation: string, about: string, path: string, status = 200): ContractCase => ({
  operation,
  about,
  status,
  call: async (world) => {
    const { merchant, account } = await paidMerchant(world);
    return asMerchant(world, merchant, `/accounts/${account}${path}`);
  },
});
const ofAnother = (operation: string, path: string): ContractCase => ({
  operation,
  about: 'of another merchant',
  status: 404,
  call: async (world) => {
    const { account } = await paidMerchant(world);
    return asMerchant(world, await world.merchant(), `/accounts/${account}${path}`);
  },
});
const ofPoints = (operation: string, path: string): ContractCase => ({
  operation,
  about: 'of a customer',
  status: 200,
  call: async (world) => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, {
      points_per_unit: '1',
      point_value: '0.01',
    });
    await world.send(channel, world.paid(channel, await world.order(merchant, { customer: 'ann' })));
    await world.settled();
    const { data } = await world.admin('get', '/points-accounts?limit=1');
    return asOperator(world, `/points-accounts/${data[0].id}${path}`);
  },
});

export const cases: readonly ContractCase[] = [
  ofOperator('getAccountBalance', 'now', '/balance'),
  ofOperator('getAccountBalance', 'before there was anything', '/balance?at=2026-01-01T00:00:00Z'),
  operatorCase('getAccountBalance', 'of no account', 404, `/accounts/${NOBODY}/balance`),
  ofOperator('getAccountStatement', 'of everything', '/statement?limit=1'),
  ofOperator('getAccountStatement', 'of a period', '/statement?from=2026-01-01&to=2026-02-01'),
  ofOperator('getAccountStatement', 'of the future', `/statement?to=${FUTURE}`, 400),
  ofOperator('downloadAccountStatement', 'of everything', '/statement.csv'),
  operatorCase('downloadAccountStatement', 'of no account', 404, `/accounts/${NOBODY}/statement.csv`),
  ofMerchant('getOwnAccountBalance', 'now', '/balance'),
  ofAnother('getOwnAccountBalance', '/balance'),
  ofMerchant('getOwnAccountStatement', 'of everything', '/statement'),
  ofAnother('getOwnAccountStatement', '/statement'),
  ofMerchant('downloadOwnAccountStatement', 'of everything', '/statement.csv'),
  ofAnother('downloadOwnAccountStatement', '/statement.csv'),
  ofPoints('getPointsAccountBalance', '/balance'),
  operatorCase('getPointsAccountBalance', 'of no account', 404, `/points-accounts/${NOBODY}/balance`),
  ofPoints('getPointsAccountStatement', '/statement'),
  operatorCase('getPointsAccountStatement', 'of no account', 404, `/points-accounts/${NOBODY}/statement`),
  ofPoints('downloadPointsAccountStatement', '/statement.csv'),
  operatorCase('downloadPointsAccountStatement', 'of no account', 404, `/points-accounts/${NOBODY}/statement.csv`),
];
