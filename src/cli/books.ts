import type { Command } from 'commander';
import { type CommandContext, listVerb, showList, tableVerb } from './commands';
import type { Answer } from './output';

/** What an operator looks at: the books, and what waits for a person. */
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
  const incidents = program.command('incidents').description('what a person must look at');
  listVerb(incidents, 'list', 'incidents, newest first')
    .option('--status <status>', 'open or resolved')
    .option('--kind <kind>', 'of this kind')
    .action(async (options: { status?: string; kind?: string; json?: boolean; limit: number }) => {
      const query = { status: options.status, kind: options.kind };
      const rows = await context.operator().list('/admin/incidents', query, options.limit);
      showList(context, rows, options, ['id', 'kind', 'order', 'receipt', 'status', 'times_seen', 'opened_at']);
    });
}

function rowsOf(answer: Answer): readonly Answer[] {
  return Array.isArray(answer['data']) ? (answer['data'] as Answer[]) : [];
}
