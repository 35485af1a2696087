import type { Command } from 'commander';
import { type CommandContext, listVerb, showList } from './commands';

const COLUMNS = [
  ...['account', 'name', 'party', 'currency', 'counterpart', 'books'],
  ...['counterpart_balance', 'recent_books', 'recent_counterpart', 'difference'],
];

interface Options {
  readonly json?: boolean;
  readonly limit: number;
  readonly differences?: boolean;
}

export function addSubLedgersCommand(program: Command, context: CommandContext): void {
  listVerb(
    program,
    'sub-ledgers',
    'the books beside the fund accounts and receipts that they stand for; exits with 1 where they differ',
  )
    .option('--differences', 'only lines that differ')
    .action(async (options: Options) => {
      const rows = await context.operator().list('/admin/sub-ledgers', {}, options.limit);
      const differing = rows.filter((row) => !/^-?0(\.0+)?$/.test(String(row['difference'])));
      showList(context, options.differences === true ? differing : rows, options, COLUMNS);
      if (differing.length > 0) process.exitCode = 1;
    });
}
