import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import {
  createOrderBody,
  listOrdersQuery,
  operatorOrderView,
  orderNumberPath,
  orderPath,
  orderView,
  searchOrdersQuery,
} from './order-schemas';

const EXAMPLE_ID = 'ord_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';

export const createOrder = operation({
  id: 'createOrder',
  method: 'post',
  path: '/',
  summary: 'Ask to be paid',
  description:
    'Give the `payment_reference` of the answer to the bank or gateway: it comes back in the callback and finds the order. ' +
    'Fee and points are priced now, and later changes of terms do not change them.',
  body: createOrderBody,
  answer: { status: 201, description: 'The order', schema: orderView },
  problems: [
    'duplicate_order',
    'fee_exceeds_amount',
    'unknown_currency',
    'invalid_amount',
    'unknown_channel',
    'unknown_account',
  ],
  example: { body: { merchant_order_no: '1001', amount: '12.50', currency: 'EUR', customer: 'anna' } },
});

export const listOrders = operation({
  id: 'listOrders',
  method: 'get',
  path: '/',
  summary: "List the merchant's orders, newest first",
  query: listOrdersQuery,
  answer: { status: 200, description: 'A page of orders', schema: pageOf(orderView) },
  problems: ['invalid_cursor'],
  example: { query: { status: 'paid' } },
});

export const getOrderByNumber = operation({
  id: 'getOrderByNumber',
  method: 'get',
  path: '/by-number/:merchant_order_no',
  summary: "Read an order by the merchant's own number",
  params: orderNumberPath,
  answer: { status: 200, description: 'The order', schema: orderView },
  problems: ['not_found'],
  example: { params: { merchant_order_no: '1001' } },
});

export const getOrder = operation({
  id: 'getOrder',
  method: 'get',
  path: '/:order_id',
  summary: 'Read an order',
  params: orderPath,
  answer: { status: 200, description: 'The order', schema: orderView },
  problems: ['not_found'],
  example: { params: { order_id: EXAMPLE_ID } },
});

export const closeOrder = operation({
  id: 'closeOrder',
  method: 'post',
  path: '/:order_id/close',
  summary: 'Close an open order, so that it cannot be paid any more',
  description: 'Money that arrives afterwards is kept for a person to look at; the order stays closed.',
  params: orderPath,
  answer: { status: 200, description: 'The closed order', schema: orderView },
  problems: ['not_found', 'order_not_open', 'order_being_paid'],
  example: { params: { order_id: EXAMPLE_ID } },
});

export const searchOrders = operation({
  id: 'searchOrders',
  method: 'get',
  path: '/',
  summary: 'List the orders of all merchants, newest first',
  description:
    '`payment_reference` is ours, `merchant_order_no` is the merchant’s (unique only within a merchant), and ' +
    '`provider_reference` is what the bank or gateway calls a payment that reached the order.',
  query: searchOrdersQuery,
  answer: { status: 200, description: 'A page of orders', schema: pageOf(operatorOrderView) },
  problems: ['invalid_cursor'],
  example: { query: { status: 'open' } },
});

export const getOrderAsOperator = operation({
  id: 'getOrderAsOperator',
  method: 'get',
  path: '/:order_id',
  summary: 'Read an order of any merchant',
  params: orderPath,
  answer: { status: 200, description: 'The order', schema: operatorOrderView },
  problems: ['not_found'],
  example: { params: { order_id: EXAMPLE_ID } },
});
