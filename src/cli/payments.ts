import type { Command } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';
import { WORK_COLUMNS, type WorkOptions, retryVerb, workOptions, workQuery } from './open-work';

interface ReceiptOptions extends WorkOptions {
  readonly channel?: string;
  readonly status?: string;
  readonly outcome?: string;
  readonly providerReference?: string;
  readonly paymentReference?: string;
  readonly order?: string;
  readonly json?: boolean;
  readonly limit: number;
}

interface TransactionOptions extends WorkOptions {
  readonly status?: string;
  readonly open?: boolean;
  readonly receipt?: string;
  readonly json?: boolean;
  readonly limit: number;
}

/** The money that has arrived, and the attempts to settle it. */
export function addPaymentCommands(program: Command, context: CommandContext): void {
  addReceiptCommands(program, context);
  const transactions = group(program, 'tcc', 'attempts to settle receipts: Try, Confirm, Cancel').alias('transactions');
  workOptions(listVerb(transactions, 'list', 'transactions, newest first'))
    .option('--status <status>', 'trying, confirming, confirmed, cancelling or cancelled')
    .option('--open', 'only those that have not ended')
    .option('--receipt <receipt>', 'of this receipt (rcp_...)')
    .action(async ({ status, open, receipt, ...options }: TransactionOptions) => {
      const query = { status, receipt, ended: open === true ? 'false' : undefined, ...workQuery(options) };
      const rows = await context.operator().list('/admin/transactions', query, options.limit);
      showList(context, rows, options, ['id', 'receipt', 'outcome', 'status', ...WORK_COLUMNS]);
    });
  verb(transactions, 'show <transaction>', 'one transaction with its branches').action(
    async (id: string, options: ShowOptions) => {
      showOne(context, await context.operator().get(`/admin/transactions/${segment(id)}`), options);
    },
  );
  retryVerb(transactions, context, { what: 'transaction', path: '/admin/transactions', work: 'transactions' });
}

function addReceiptCommands(program: Command, context: CommandContext): void {
  const receipts = group(program, 'receipts', 'money that has arrived');
  workOptions(listVerb(receipts, 'list', 'receipts, newest first'))
    .option('--channel <name>', 'through this channel')
    .option('--status <status>', 'waiting, settling, decided or settled')
    .option('--outcome <outcome>', 'order_paid or suspense')
    .option('--provider-reference <reference>', 'as the bank or gateway calls it')
    .option('--payment-reference <reference>', 'as we call it')
    .option('--order <order>', 'that met this order (ord_...)')
    .action(async (options: ReceiptOptions) => {
      const query = {
        channel: options.channel,
        status: options.status,
        outcome: options.outcome,
        provider_reference: options.providerReference,
        payment_reference: options.paymentReference,
        order: options.order,
        ...workQuery(options),
      };
      const rows = await context.operator().list('/admin/receipts', query, options.limit);
      showList(context, rows, options, [
        ...['id', 'channel', 'provider_reference', 'amount', 'currency', 'status', 'outcome', 'received_at'],
        ...(Object.values(workQuery(options)).some((one) => one !== undefined) ? WORK_COLUMNS : []),
      ]);
    });
  verb(receipts, 'show <receipt>', 'one receipt').action(async (id: string, options: ShowOptions) => {
    showOne(context, await context.operator().get(`/admin/receipts/${segment(id)}`), options);
  });
  retryVerb(receipts, context, { what: 'receipt', path: '/admin/receipts', work: 'receipts' });
}
