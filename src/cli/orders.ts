import type { Command } from 'commander';
import type { ClientConfig } from '../config';
import { type ApiClient, createClient, serviceUrl } from './client';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';
import { merchantOption, orderIdOf } from './find-order';

interface SearchOptions {
  readonly merchant?: string;
  readonly status?: string;
  readonly paymentReference?: string;
  readonly number?: string;
  readonly providerReference?: string;
  readonly json?: boolean;
  readonly limit: number;
}

/** A merchant makes its orders with its own key; the operator looks at those of all. */
export function addOrderCommands(program: Command, context: CommandContext): void {
  const orders = group(program, 'orders', 'orders of merchants');
  verb(orders, 'create <number> <amount> <currency>', 'make an order as the merchant whose key is in QUITTANCE_API_KEY')
    .option('--customer <customer>', 'who earns the points')
    .action(async (number: string, amount: string, currency: string, options: ShowOptions & { customer?: string }) => {
      const order = {
        merchant_order_no: number,
        amount,
        currency,
        ...(options.customer === undefined ? {} : { customer: options.customer }),
      };
      showOne(context, await merchantClient(context.config()).post('/v1/orders', order), options);
    });
  listVerb(orders, 'list', 'orders of all merchants, newest first')
    .option(...merchantOption)
    .option('--status <status>', 'open, paid, closed or expired')
    .option('--payment-reference <reference>', 'the one that the bank gets')
    .option('--number <number>', "the merchant's own number")
    .option('--provider-reference <reference>', "a payment's, as the bank or gateway calls it")
    .action(async (options: SearchOptions) => {
      const query = {
        merchant: options.merchant,
        status: options.status,
        payment_reference: options.paymentReference,
        merchant_order_no: options.number,
        provider_reference: options.providerReference,
      };
      const rows = await context.operator().list('/admin/orders', query, options.limit);
      showList(context, rows, options, [
        ...['id', 'merchant', 'merchant_order_no', 'amount', 'currency', 'status', 'created_at', 'paid_by'],
      ]);
    });
  verb(orders, 'show <order>', "an order by its id (ord_...) or the merchant's number")
    .option(...merchantOption)
    .addHelpText('after', '\nWith QUITTANCE_API_KEY it is asked as its merchant, else as the operator.')
    .action(async (order: string, options: ShowOptions & { merchant?: string }) => {
      showOne(context, await readOrder(context, order, options.merchant), options);
    });
}

async function readOrder(context: CommandContext, order: string, merchant: string | undefined) {
  if (context.config().apiKey !== undefined && merchant === undefined) {
    const path = order.startsWith('ord_') ? segment(order) : `by-number/${segment(order)}`;
    return merchantClient(context.config()).get(`/v1/orders/${path}`);
  }
  const operator = context.operator();
  return operator.get(`/admin/orders/${segment(await orderIdOf(operator, order, merchant))}`);
}

function merchantClient(config: ClientConfig): ApiClient {
  if (config.apiKey === undefined) {
    throw new Error('QUITTANCE_API_KEY is missing; expected a key made with "quittance api-keys create"');
  }
  return createClient(serviceUrl(config), config.apiKey);
}
