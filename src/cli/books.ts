import type { Command } from 'commander';
import { z } from 'zod';
import { type CommandContext, listVerb, rowsOf, showList, tableVerb, withQuery } from './commands';
import { addStatementCommand } from './statement';
import { addSubLedgersCommand } from './sub-ledgers';

const AT = ['--at <time>', 'as the books stood then: RFC 3339, such as 2026-11-30T23:59:59Z'] as const;
const BY = ['--by <time>', 'which time counts: posted_at (default) or occurred_at'] as const;

interface AsOfOptions {
  readonly at?: string;
  readonly by?: string;
  readonly json?: boolean;
}

/** What an operator looks at in the books. */
export function addBookCommands(program: Command, context: CommandContext): void {
  tableVerb(program, 'trial-balance', 'debits and credits of every account of the books')
    .option(AT[0], AT[1])
    .option(...BY)
    .action(async ({ json, ...query }: AsOfOptions) => {
      const answer = await context.operator().get(withQuery('/admin/trial-balance', query));
      if (json === true) {
        context.output.line(JSON.stringify(answer, null, 2));
        return;
      }
      showList(context, rowsOf(answer, 'data'), {}, ['account', 'name', 'currency', 'debit', 'credit', 'balance']);
      const totals = rowsOf(answer, 'totals');
      if (totals.length > 0) showList(context, totals, {}, [['total', (row) => row['currency']], ...TOTALS]);
      context.output.line(describeAsOf(answer['as_of']));
    });
  listVerb(program, 'ledger-accounts', 'the chart of accounts, with the balance of each party')
    .option(AT[0], AT[1])
    .option(...BY)
    .option('--account <code>', 'of this account only')
    .option('--party <party>', 'of this party only: a channel, a merchant, a payee')
    .action(async ({ json, limit, ...query }: AsOfOptions & { limit: number; account?: string; party?: string }) => {
      const rows = await context.operator().list('/admin/ledger-accounts', { ...query }, limit);
      showList(context, rows, { json: json === true }, [
        ...['account', 'name', 'party', 'currency', 'debit', 'credit', 'balance'],
      ]);
    });
  addStatementCommand(program, context);
  addSubLedgersCommand(program, context);
}

const TOTALS = ['debit', 'credit', 'difference'] as const;

const asOfAnswer = z.object({ at: z.string().nullable(), by: z.string(), link: z.string().nullable() });

function describeAsOf(answer: unknown): string {
  const { at, by, link } = asOfAnswer.parse(answer);
  const when = at === null ? 'now' : `at ${at} by ${by}`;
  return link === null ? `${when}: the books are empty` : `${when}: through link ${link}`;
}
