import type { Command } from 'commander';
import { type CommandContext, listVerb, showList, tableVerb } from './commands';
import type { Answer } from './output';

/** What an operator looks at in the books. */
export function addBookCommands(program: Command, context: CommandContext): void {
  tableVerb(program, 'trial-balance', 'debits and credits of every account of the books').action(
    async (options: { json?: boolean }) => {
      const answer = await context.operator().get('/admin/trial-balance');
      const columns = ['account', 'name', 'currency', 'debit', 'credit', 'balance'];
      if (options.json === true) context.output.line(JSON.stringify(answer, null, 2));
      else showList(context, rowsOf(answer), options, columns);
    },
  );
  listVerb(program, 'ledger-accounts', 'the chart of accounts, with the balance of each party').action(
    async (options: { json?: boolean; limit: number }) => {
      const rows = await context.operator().list('/admin/ledger-accounts', {}, options.limit);
      showList(context, rows, options, ['account', 'name', 'party', 'currency', 'debit', 'credit', 'balance']);
    },
  );
}

function rowsOf(answer: Answer): readonly Answer[] {
  return Array.isArray(answer['data']) ? (answer['data'] as Answer[]) : [];
}
