import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import {
  feePlanBody,
  feePlanView,
  listQuery,
  merchantTermsPath,
  pointsRuleBody,
  pointsRuleView,
  termsPath,
} from './terms-schemas';

export const setFeePlan = operation({
  id: 'setFeePlan',
  method: 'put',
  path: '/:merchant_id/fee-plans/:currency',
  summary: 'Set what a merchant pays per payment in a currency',
  description:
    'Replaces the plan in force. The fee is the rounded share of the amount plus `fixed`, not below `minimum`, not above ' +
    '`maximum` and never above the amount. Orders that exist keep the fee that they were made with. Without a plan there ' +
    'is no fee.',
  params: termsPath,
  body: feePlanBody,
  answer: { status: 200, description: 'The plan in force', schema: feePlanView },
  problems: ['not_found', 'unknown_currency', 'invalid_amount'],
  example: {
    body: { rate: '0.029', fixed: '0.30', minimum: '0.50', maximum: '25.00', rounding: 'half_up' },
    params: { merchant_id: 'mer_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87', currency: 'EUR' },
  },
});

export const listFeePlans = operation({
  id: 'listFeePlans',
  method: 'get',
  path: '/:merchant_id/fee-plans',
  summary: 'List a merchant’s fee plans in force, by currency',
  description: 'A merchant that does not exist has none.',
  params: merchantTermsPath,
  query: listQuery,
  answer: { status: 200, description: 'A page of fee plans', schema: pageOf(feePlanView) },
  problems: ['invalid_cursor'],
  example: { query: {} },
});

export const setPointsRule = operation({
  id: 'setPointsRule',
  method: 'put',
  path: '/:merchant_id/points-rules/:currency',
  summary: 'Set what the customers of a merchant earn per payment in a currency',
  description:
    'Replaces the rule in force. A payment earns whole points, rounded down, for the customer whom its order names. Orders ' +
    'that exist keep the points that they were made with.',
  params: termsPath,
  body: pointsRuleBody,
  answer: { status: 200, description: 'The rule in force', schema: pointsRuleView },
  problems: ['not_found', 'unknown_currency'],
  example: {
    body: { points_per_unit: '1', point_value: '0.01' },
    params: { merchant_id: 'mer_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87', currency: 'EUR' },
  },
});

export const listPointsRules = operation({
  id: 'listPointsRules',
  method: 'get',
  path: '/:merchant_id/points-rules',
  summary: 'List a merchant’s points rules in force, by currency',
  description: 'A merchant that does not exist has none.',
  params: merchantTermsPath,
  query: listQuery,
  answer: { status: 200, description: 'A page of points rules', schema: pageOf(pointsRuleView) },
  problems: ['invalid_cursor'],
  example: { query: {} },
});
