import type { Command } from 'commander';
import { loadAuditConfig } from '../config';
import { createSealer } from '../core/sealing';
import { openDatabases } from '../database/open';
import { verifyActions } from '../operator-actions/verify-actions';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';

interface ListOptions {
  readonly operator?: string;
  readonly operation?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
  readonly limit: number;
}

/** Who did what: the record of every change that operators made or were refused. */
export function addOperatorActionCommands(program: Command, context: CommandContext): void {
  const actions = group(program, 'operator-actions', 'who did what, for good');
  listVerb(actions, 'list', 'what operators did, newest first')
    .option('--operator <name>', 'of this operator')
    .option('--operation <id>', 'of this operation, such as resolveIncident')
    .option('--subject <id>', 'about this order, account, incident, ...')
    .option('--from <time>', 'since this time (RFC 3339)')
    .option('--to <time>', 'before this time')
    .action(async ({ json, limit, ...filter }: ListOptions) => {
      const rows = await context.operator().list('/admin/operator-actions', filter, limit);
      const outcome = (name: string) => (row: Readonly<Record<string, unknown>>) =>
        (row['outcome'] as Readonly<Record<string, unknown>> | null)?.[name];
      showList(context, rows, json === undefined ? {} : { json }, [
        'id',
        'at',
        'operator',
        'method',
        'path',
        ['status', outcome('status')],
        ['problem', outcome('problem')],
        ['created', outcome('created')],
      ]);
    });
  verb(actions, 'show <action>', 'one action with everything that is known of it').action(
    async (id: string, options: ShowOptions) => {
      showOne(context, await context.operator().get(`/admin/operator-actions/${segment(id)}`), options);
    },
  );
  actions
    .command('verify')
    .description('recompute the chain of hashes over the databases themselves; exits with 1 where it is broken')
    .option('--json', 'print JSON')
    .option('--seen-head <number:hash>', 'a head from the log; the chain must still lead through it', readHead)
    .action(async (options: { json?: boolean; seenHead?: { number: string; hash: string } }) => {
      await verify(context, options);
    });
}

async function verify(
  { output }: CommandContext,
  options: { json?: boolean; seenHead?: { number: string; hash: string } },
): Promise<void> {
  const config = loadAuditConfig();
  const opened = await openDatabases(config, { embedded: 'shared', migrate: false });
  try {
    const report = await verifyActions(opened.databases.orders, createSealer(config.masterKeys), options.seenHead);
    const { records, head, broken } = report;
    if (options.json === true) output.line(JSON.stringify({ ok: broken === undefined, ...report }));
    else if (broken !== undefined) output.line(`The chain breaks at record ${broken.record}: ${broken.reason}.`);
    else
      output.line(
        `The chain holds: ${records} records${head === undefined ? '' : `, head ${head.number}:${head.hash}`}.`,
      );
    if (broken !== undefined) process.exitCode = 1;
  } finally {
    await opened.close();
  }
}

function readHead(text: string): { number: string; hash: string } {
  const [, number, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number !== undefined && hash !== undefined) return { number, hash };
  throw new Error(`--seen-head is "${text}"; expected a number and a hash in hex, as the log has them`);
}
