import type { Command } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';

interface ListOptions {
  readonly owner?: string;
  readonly kind?: string;
  readonly points?: boolean;
  readonly json?: boolean;
  readonly limit: number;
}

const POINTS = ['--points', 'accounts of points instead of money'] as const;

export function addAccountCommands(program: Command, context: CommandContext): void {
  const accounts = group(program, 'accounts', 'fund accounts and points accounts');
  verb(accounts, 'create <merchant>', "open an account for a payee of a merchant's orders, such as a promoter")
    .requiredOption('--reference <reference>', "the merchant's own name of the payee")
    .requiredOption('--currency <code>', 'its currency')
    .action(
      async (merchant: string, { json, field, ...account }: ShowOptions & { reference: string; currency: string }) => {
        const path = `/admin/merchants/${segment(merchant)}/accounts`;
        showOne(context, await context.operator().post(path, account), { json, field });
      },
    );
  listVerb(accounts, 'list', 'accounts with their balances')
    .option('--owner <id>', 'of this owner, such as a merchant')
    .option('--kind <kind>', 'of this kind: merchant, payee, fees, suspense or customer')
    .option(...POINTS)
    .action(async (options: ListOptions) => {
      const query = { owner: options.owner, kind: options.kind };
      const rows = await context.operator().list(pathOf(options), query, options.limit);
      showList(context, rows, options, [
        'id',
        'kind',
        'owner',
        ['reference', (row) => row['reference'] ?? row['customer']],
        ['unit', (row) => row['currency'] ?? row['unit']],
        'balance',
        'reserved',
        'available',
        'pending',
        'status',
      ]);
    });
  for (const [name, description] of [
    ['freeze', 'refuse new payments; what has begun is finished'],
    ['unfreeze', 'take payments again'],
    ['close', 'close an account that is empty and has no open holds'],
  ] as const) {
    verb(accounts, `${name} <account>`, description)
      .option(...POINTS)
      .action(async (id: string, options: ShowOptions & { points?: boolean }) => {
        showOne(context, await context.operator().post(`${pathOf(options)}/${segment(id)}/${name}`), options);
      });
  }
}

function pathOf(options: { points?: boolean }): string {
  return options.points === true ? '/admin/points-accounts' : '/admin/accounts';
}
