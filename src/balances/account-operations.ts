import type { z } from 'zod';
import { type Operation, operation } from '../http/operation';
import type { Listed } from '../http/pagination';
import { pageOf } from '../http/shown';
import { accountPath, listAccountsQuery, operatorAccountView, pointsAccountView } from './balances-schemas';

/** The operator's operations on the accounts of one participant; money and points have the same, over other accounts. */
export interface AccountOperations<View> {
  readonly tag: string;
  readonly list: Operation<unknown, z.output<typeof listAccountsQuery>, unknown, Listed<View>>;
  readonly get: OnAccount<View>;
  readonly freeze: OnAccount<View>;
  readonly unfreeze: OnAccount<View>;
  readonly close: OnAccount<View>;
}
type OnAccount<View> = Operation<z.output<typeof accountPath>, unknown, unknown, View>;

export const moneyAccountOperations = accountOperations({
  tag: 'Accounts',
  one: 'Account',
  account: 'fund account',
  view: operatorAccountView,
});

export const pointsAccountOperations = accountOperations({
  tag: 'Points accounts',
  one: 'PointsAccount',
  account: 'points account',
  view: pointsAccountView,
});

function accountOperations<View>(of: {
  readonly tag: string;
  readonly one: string;
  readonly account: string;
  readonly view: z.ZodType<View>;
}): AccountOperations<View> {
  const { tag, one, account, view } = of;
  const answer = { status: 200, description: `The ${account}`, schema: view } as const;
  const params = accountPath;
  return {
    tag,
    list: operation({
      id: `list${one}s`,
      method: 'get',
      path: '/',
      summary: `List ${account}s, newest first`,
      query: listAccountsQuery,
      answer: { status: 200, description: `A page of ${account}s`, schema: pageOf(view) },
      problems: ['invalid_cursor'],
      example: { query: { owner: 'mer_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87' } },
    }),
    get: operation({
      id: `get${one}`,
      method: 'get',
      path: '/:account_id',
      summary: `Read a ${account}`,
      params,
      answer,
      problems: ['not_found'],
    }),
    freeze: operation({
      id: `freeze${one}`,
      method: 'post',
      path: '/:account_id/freeze',
      summary: `Freeze a ${account}`,
      description:
        'It takes no payments until it is unfrozen: money of payments that come meanwhile goes to suspense, with an incident. ' +
        'What is being settled is settled. Accounts of suspense and fees cannot be frozen; a closed one stays closed.',
      params,
      answer,
      problems: ['not_found', 'account_protected', 'conflict'],
    }),
    unfreeze: operation({
      id: `unfreeze${one}`,
      method: 'post',
      path: '/:account_id/unfreeze',
      summary: `Unfreeze a ${account}`,
      params,
      answer,
      problems: ['not_found', 'account_protected', 'conflict'],
    }),
    close: operation({
      id: `close${one}`,
      method: 'post',
      path: '/:account_id/close',
      summary: `Close a ${account} for good`,
      description: 'Only one that is empty and on which no payment is being settled.',
      params,
      answer,
      problems: ['not_found', 'account_protected', 'conflict', 'account_has_holds', 'account_not_empty'],
    }),
  };
}
