import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import {
  accountPath,
  accountView,
  customerPath,
  customerPointsView,
  entryView,
  merchantPath,
  openPayeeBody,
  operatorAccountView,
  pageQuery,
} from './balances-schemas';

export const openPayeeAccount = operation({
  id: 'openPayeeAccount',
  method: 'post',
  path: '/:merchant_id/accounts',
  summary: 'Open an account for a payee of a merchant',
  description:
    'For somebody whom the merchant shares its payments with, such as a promoter: an order’s `splits` name it. The ' +
    'merchant’s own account is opened by its first payment in a currency.',
  params: merchantPath,
  body: openPayeeBody,
  answer: { status: 201, description: 'The account', schema: operatorAccountView },
  problems: ['not_found', 'unknown_currency', 'name_taken'],
  example: { body: { reference: 'promoter-7', currency: 'EUR' } },
});

export const listOwnAccounts = operation({
  id: 'listOwnAccounts',
  method: 'get',
  path: '/',
  summary: 'List the accounts of the merchant and of its payees, newest first',
  description: 'The merchant’s own account is opened by its first payment in a currency.',
  query: pageQuery,
  answer: { status: 200, description: 'A page of accounts', schema: pageOf(accountView) },
  problems: ['invalid_cursor'],
  example: { query: {} },
});

export const getOwnAccount = operation({
  id: 'getOwnAccount',
  method: 'get',
  path: '/:account_id',
  summary: 'Read an account of the merchant or of a payee',
  params: accountPath,
  answer: { status: 200, description: 'The account', schema: accountView },
  problems: ['not_found'],
});

export const listOwnEntries = operation({
  id: 'listOwnEntries',
  method: 'get',
  path: '/:account_id/entries',
  summary: 'List the movements on an account, newest first',
  params: accountPath,
  query: pageQuery,
  answer: { status: 200, description: 'A page of entries', schema: pageOf(entryView) },
  problems: ['not_found', 'invalid_cursor'],
  example: { query: {} },
});

export const getCustomerPoints = operation({
  id: 'getCustomerPoints',
  method: 'get',
  path: '/:customer/points',
  summary: 'Read the points of a customer',
  description: 'A customer who never earned any has none, and is not an error.',
  params: customerPath,
  answer: { status: 200, description: 'The points', schema: customerPointsView },
  problems: [],
  example: { params: { customer: 'anna' } },
});
