import type { ApiDescription } from './http/api-description';
import { orderWebhooks } from './orders/webhook-schemas';

/** What the API's document says besides the operations: the version of the API, its headings, and what we send. */
export const apiDescription: ApiDescription = {
  version: '0.1.0',
  tags: {
    Orders: 'What a merchant asks to be paid. An order ends once: paid, closed or expired.',
    Events: 'What has happened to the merchant’s orders, in order: for whoever has missed notifications.',
    Timelines: 'What has happened to a payment, step by step, each with its time.',
    Balances: 'What stands on the accounts of the merchant, its payees and its customers.',
    Callbacks: 'Where banks and gateways tell that a customer has paid.',
    Webhooks: 'What a merchant’s endpoint is told.',
    Merchants: 'Who is paid through this service, and their API keys.',
    Terms: 'What merchants pay and what their customers earn, per payment and currency.',
    Channels: 'The accounts at banks and gateways that call back, and the keys by which they are verified.',
    Endpoints: 'Where merchants are told, and the secrets by which they know that it is us.',
    Notifications: 'What merchants were told, and what came of each attempt.',
    Accounts: 'The fund accounts: of merchants, payees, fees and suspense.',
    'Points accounts': 'The accounts on which customers’ points stand.',
    Books: 'The accounting: vouchers, accounts, balances, and the chain that proves that nothing was changed.',
    Receipts: 'The money that channels say has arrived, and where it went.',
    Transactions: 'How the money of a receipt is moved: branches that are all confirmed or all cancelled.',
    'Outbox messages': 'What asks for the vouchers of payments, until they are posted.',
    Work: 'Everything that is under way, and how a person moves it on.',
    Incidents: 'What a person must look at.',
    Reconciliation: 'The statements of banks and gateways beside what we have received.',
    'Operator actions': 'Who has done what, and when.',
    Service: 'The service itself.',
  },
  webhooks: orderWebhooks,
};
