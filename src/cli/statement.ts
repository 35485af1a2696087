import type { Command } from 'commander';
import { type CommandContext, listVerb, rowsOf, segment, showList, withQuery } from './commands';
import { type Answer, card } from './output';

interface StatementOptions {
  readonly from?: string;
  readonly to?: string;
  readonly party?: string;
  readonly currency?: string;
  readonly limit: number;
  readonly json?: boolean;
  readonly csv?: boolean;
}

export function addStatementCommand(program: Command, context: CommandContext): void {
  listVerb(program, 'statement <account>', 'an account statement: of a fund account (acc_...), or of the books (2100)')
    .option('--from <time>', 'the beginning, included: a date or a time in RFC 3339')
    .option('--to <time>', 'the end, not included')
    .option('--party <party>', 'of an account of the books: a channel, a merchant, a payee')
    .option('--currency <code>', 'of an account of the books')
    .option('--csv', 'print CSV')
    .action(async (account: string, { json, csv, limit, ...query }: StatementOptions) => {
      const isLedger = /^\d{4}$/.test(account);
      const path = `${isLedger ? '/admin/ledger-accounts' : '/admin/accounts'}/${segment(account)}/statement`;
      if (csv === true) {
        await context.operator().download(withQuery(`${path}.csv`, query), (text) => {
          context.output.text(text);
        });
        return;
      }
      const { data, next_cursor, ...head } = await readStatement(context, path, query, limit);
      if (json === true) {
        context.output.line(JSON.stringify({ ...head, data, next_cursor }, null, 2));
        return;
      }
      context.output.line(card(flat(head)));
      showList(context, data, {}, isLedger ? LEDGER_COLUMNS : FUND_COLUMNS);
      if (next_cursor !== null) context.output.line(`the first ${data.length} entries; --limit or --csv give more`);
    });
}

/** The totals of a fund account's statement as fields of their own. */
function flat({ totals, ...head }: Answer): Answer {
  if (typeof totals !== 'object' || totals === null) return head;
  const sums = Object.entries(totals).map(([name, amount]) => [`total_${name}`, amount] as const);
  return { ...head, ...Object.fromEntries(sums) };
}

const LEDGER_COLUMNS = ['posted_at', 'voucher', 'order', 'description', 'debit', 'credit', 'balance_after'];
const FUND_COLUMNS = ['number', 'created_at', 'transaction', 'amount', 'balance_after'];

interface StatementAnswer extends Answer {
  readonly data: readonly Answer[];
  readonly next_cursor: unknown;
}

/** The first page has the totals; further ones give entries only. */
async function readStatement(
  context: CommandContext,
  path: string,
  query: object,
  limit: number,
): Promise<StatementAnswer> {
  const client = context.operator();
  const page = (cursor: unknown, rows: number): Promise<Answer> =>
    client.get(withQuery(path, { ...query, limit: String(Math.min(100, rows)), cursor }));
  const first = await page(undefined, limit);
  const data = [...rowsOf(first, 'data')];
  let next = first['next_cursor'] ?? null;
  while (next !== null && data.length < limit) {
    const more = await page(next, limit - data.length);
    data.push(...rowsOf(more, 'data'));
    next = more['next_cursor'] ?? null;
  }
  return { ...first, data, next_cursor: next };
}
