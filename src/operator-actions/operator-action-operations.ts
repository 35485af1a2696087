import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import { listOperatorActionsQuery, operatorActionPath, operatorActionView } from './operator-action-schemas';

export const listOperatorActions = operation({
  id: 'listOperatorActions',
  method: 'get',
  path: '/',
  summary: 'List what operators did, newest first',
  description:
    'Every request below /admin that may change something, refused and failed ones too. Nothing is ever deleted.',
  query: listOperatorActionsQuery,
  answer: { status: 200, description: 'A page of actions', schema: pageOf(operatorActionView) },
  problems: ['invalid_cursor'],
  example: { query: { operator: 'alice' } },
});

export const getOperatorAction = operation({
  id: 'getOperatorAction',
  method: 'get',
  path: '/:action_id',
  summary: 'Show something that an operator did',
  params: operatorActionPath,
  answer: { status: 200, description: 'The action', schema: operatorActionView },
  problems: ['not_found'],
  example: { params: { action_id: 'opa_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87' } },
});
