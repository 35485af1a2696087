import type { Command } from 'commander';
import type { ClientConfig } from '../config';
import { type ApiClient, createClient, serviceUrl } from './client';
import { type CommandContext, type ShowOptions, group, segment, showOne, verb } from './commands';

/** Orders are a merchant's, so these commands call the API as the merchant does. */
export function addOrderCommands(program: Command, context: CommandContext): void {
  const orders = group(program, 'orders', "a merchant's orders (the merchant's key is read from QUITTANCE_API_KEY)");
  verb(orders, 'create <number> <amount> <currency>', "make an order under the merchant's own number")
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
  verb(orders, 'show <order>', "an order by its id (ord_...) or the merchant's number").action(
    async (order: string, options: ShowOptions) => {
      const path = order.startsWith('ord_') ? segment(order) : `by-number/${segment(order)}`;
      showOne(context, await merchantClient(context.config()).get(`/v1/orders/${path}`), options);
    },
  );
}

function merchantClient(config: ClientConfig): ApiClient {
  if (config.apiKey === undefined) {
    throw new Error('QUITTANCE_API_KEY is missing; expected a key made with "quittance api-keys create"');
  }
  return createClient(serviceUrl(config), config.apiKey);
}
