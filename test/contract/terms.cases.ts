import type { World } from '../support/world';
import { NOBODY, asOperator } from './calls';
import type { ContractCase } from './contract-case';

const PLAN = { rate: '0.029', fixed: '0.30', maximum: '25.00' };
const RULE = { points_per_unit: '1.5', point_value: '0.01' };
const of = async (world: World, terms: string): Promise<string> => `/merchants/${(await world.merchant()).id}/${terms}`;

export const cases: readonly ContractCase[] = [
  {
    operation: 'setFeePlan',
    about: 'a plan',
    status: 200,
    call: async (world) => asOperator(world, 'put', await of(world, 'fee-plans/EUR'), PLAN),
  },
  {
    operation: 'setFeePlan',
    about: 'of a merchant that there is not',
    status: 404,
    call: (world) => asOperator(world, 'put', `/merchants/mer_${NOBODY}/fee-plans/EUR`, PLAN),
  },
  {
    operation: 'setFeePlan',
    about: 'in no currency',
    status: 422,
    call: async (world) => asOperator(world, 'put', await of(world, 'fee-plans/XYZ'), PLAN),
  },
  {
    operation: 'setFeePlan',
    about: 'an amount with decimals that the currency has not',
    status: 422,
    call: async (world) => asOperator(world, 'put', await of(world, 'fee-plans/JPY'), PLAN),
  },
  {
    operation: 'setFeePlan',
    about: 'a minimum above the maximum',
    status: 400,
    call: async (world) => asOperator(world, 'put', await of(world, 'fee-plans/EUR'), { ...PLAN, minimum: '26.00' }),
  },
  {
    operation: 'listFeePlans',
    about: 'a page',
    status: 200,
    call: async (world) => {
      const plans = await of(world, 'fee-plans');
      await asOperator(world, 'put', `${plans}/EUR`, PLAN);
      await asOperator(world, 'put', `${plans}/JPY`, { rate: '0.5' });
      return asOperator(world, 'get', `${plans}?limit=1`);
    },
  },
  {
    operation: 'listFeePlans',
    about: 'a parameter that there is not',
    status: 400,
    call: async (world) => asOperator(world, 'get', await of(world, 'fee-plans?page=2')),
  },
  {
    operation: 'setPointsRule',
    about: 'a rule',
    status: 200,
    call: async (world) => asOperator(world, 'put', await of(world, 'points-rules/EUR'), RULE),
  },
  {
    operation: 'setPointsRule',
    about: 'in no currency',
    status: 422,
    call: async (world) => asOperator(world, 'put', await of(world, 'points-rules/eur'), RULE),
  },
  {
    operation: 'listPointsRules',
    about: 'a page',
    status: 200,
    call: async (world) => {
      const rules = await of(world, 'points-rules');
      await asOperator(world, 'put', `${rules}/EUR`, RULE);
      return asOperator(world, 'get', rules);
    },
  },
  {
    operation: 'listPointsRules',
    about: 'a cursor of another list',
    status: 400,
    call: async (world) => asOperator(world, 'get', await of(world, 'points-rules?cursor=e30')),
  },
];
