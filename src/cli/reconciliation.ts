import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ApiClient } from './client';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';
import { type Answer, card, table } from './output';

interface ReconcileOptions {
  readonly channel: string;
  readonly date: string;
  readonly mapping?: string;
  readonly expectCount?: string;
  readonly expectTotal?: readonly string[];
  readonly json?: boolean;
}

const LOOK_EVERY_MS = 250;
/** With differences the command exits so, as `diff` and `grep` have it; 1 is for what went wrong. */
const DIFFERENCES = 2;

export function addReconciliationCommands(program: Command, context: CommandContext): void {
  program
    .command('reconcile <file>')
    .description('compare a statement with our receipts; exits with 2 where there are differences')
    .requiredOption('--channel <name>', 'whose statement it is')
    .requiredOption('--date <day>', 'the day that it is about, such as 2026-11-20')
    .option('--mapping <file>', "how it is read, as JSON, instead of the channel's own mapping")
    .option('--expect-count <lines>', 'how many lines it must have')
    .option('--expect-total <currency:amount...>', 'what its paid lines must add up to, such as EUR:12.50')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: ReconcileOptions) => {
      process.exitCode = await reconcile(context, file, options);
    });
  const reconciliation = group(
    program,
    'reconciliation',
    'statements of channels against our receipts, and what waits',
  );
  listVerb(reconciliation, 'runs', 'runs, newest first')
    .option('--channel <name>', 'of this channel')
    .option('--status <status>', 'receiving, quarantined, staged, matching or done')
    .action(async ({ channel, status, ...options }: { channel?: string; status?: string } & ListOptions) => {
      const rows = await context.operator().list('/admin/reconciliation/runs', { channel, status }, options.limit);
      showList(context, rows, options, ['id', 'channel', 'kind', 'statement_date', 'status', 'lines', 'differences']);
    });
  listVerb(reconciliation, 'show <run>', 'a run, its totals, and its results of one class')
    .option('--class <class>', 'list the results of this class, such as amount_difference')
    .action(async (run: string, options: { class?: string } & ListOptions) => {
      await showRun(context, run, options);
    });
  listVerb(reconciliation, 'pool', 'what one side has and the other has not yet')
    .option('--channel <name>', 'of this channel')
    .option('--side <side>', 'ours or bank')
    .option('--status <status>', 'waiting or overdue')
    .action(async ({ json, limit, ...query }: PoolOptions & ListOptions) => {
      const rows = await context.operator().list('/admin/reconciliation/pool', { ...query }, limit);
      const columns = ['channel', 'side', 'provider_reference', 'payment_reference', 'amount', 'currency', 'status'];
      showList(context, rows, { json: json ?? false }, [...columns, 'due_at', 'note']);
    });
  verb(reconciliation, 'examine <channel>', "look at a channel's pools now, without a statement").action(
    async (channel: string, options: ShowOptions) => {
      const run = await context.operator().post('/admin/reconciliation/examinations', { channel });
      showOne(context, await untilEnded(context.operator(), run), options);
    },
  );
  addMappingVerbs(reconciliation, context);
}

interface ListOptions {
  readonly json?: boolean;
  readonly limit: number;
}

interface PoolOptions {
  readonly channel?: string;
  readonly side?: string;
  readonly status?: string;
}

function addMappingVerbs(reconciliation: Command, context: CommandContext): void {
  const mapping = group(reconciliation, 'mapping', "how a channel's statements are read and compared");
  verb(mapping, 'set <channel> <file>', 'set it from a file: {"file": {...}, "rules": {...}} in JSON').action(
    async (channel: string, file: string, options: ShowOptions) => {
      const path = `/admin/reconciliation/mappings/${segment(channel)}`;
      showOne(context, await context.operator().put(path, readJsonFile(file)), options);
    },
  );
  verb(mapping, 'show <channel>', 'what was set').action(async (channel: string, options: ShowOptions) => {
    showOne(context, await context.operator().get(`/admin/reconciliation/mappings/${segment(channel)}`), options);
  });
}

async function reconcile(context: CommandContext, file: string, options: ReconcileOptions): Promise<number> {
  const query = new URLSearchParams({ channel: options.channel, date: options.date, file_name: basename(file) });
  if (options.mapping !== undefined) query.set('mapping', JSON.stringify(fileOf(readJsonFile(options.mapping))));
  if (options.expectCount !== undefined) query.set('expect_count', options.expectCount);
  if (options.expectTotal !== undefined) query.set('expect_total', options.expectTotal.join(','));
  // Opened before it is sent, so that a file that is not there is told as such.
  const stream = createReadStream(file, { highWaterMark: 1 << 18 });
  await once(stream, 'ready');
  const operator = context.operator();
  const upload = await operator.upload(`/admin/reconciliation/statements?${query.toString()}`, stream, 'text/csv');
  const run = await untilEnded(operator, upload['run'] as Answer);
  if (options.json === true) context.output.line(JSON.stringify({ ...upload, run }, null, 2));
  else {
    if (upload['duplicate'] === true)
      context.output.line('The channel has had this file before; this is what came of it.');
    showEnded(context, run);
  }
  if (run['status'] === 'quarantined') return 1;
  return run['differences'] === 0 ? 0 : DIFFERENCES;
}

/** `{"file": {...}}` as mappings are stored, or the file's part alone. */
function fileOf(mapping: Answer): unknown {
  return mapping['file'] ?? mapping;
}

async function untilEnded(operator: ApiClient, begun: Answer): Promise<Answer> {
  let run = begun;
  while (run['status'] !== 'done' && run['status'] !== 'quarantined') {
    await wait(LOOK_EVERY_MS);
    run = await operator.get(`/admin/reconciliation/runs/${segment(String(begun['id']))}`);
  }
  return run;
}

async function showRun(context: CommandContext, id: string, options: { class?: string } & ListOptions): Promise<void> {
  const path = `/admin/reconciliation/runs/${segment(id)}`;
  const operator = context.operator();
  const run = await operator.get(path);
  const wanted = options.class === undefined ? undefined : { class: options.class };
  const results = wanted === undefined ? [] : await operator.list(`${path}/results`, wanted, options.limit);
  if (options.json === true) {
    context.output.line(JSON.stringify(wanted === undefined ? run : { run, results }, null, 2));
    return;
  }
  showEnded(context, run);
  if (wanted !== undefined) {
    context.output.line('');
    showList(context, results.map(flat), {}, ['line', 'theirs', 'ours', 'bank_says', 'we_have', 'note']);
  }
}

function showEnded(context: CommandContext, run: Answer): void {
  const { totals, reasons, ...rest } = run;
  context.output.line(card(rest));
  const lists = { totals: rowsOf(totals), reasons: rowsOf(reasons) };
  if (lists.reasons.length > 0) context.output.line(`\n${table(lists.reasons, ['line', 'reason'])}`);
  if (lists.totals.length > 0) {
    const columns = ['class', 'count', 'currency', 'amount', 'fee', 'fee_variance'];
    context.output.line(`\n${table(lists.totals, columns)}`);
  }
}

function flat(result: Answer): Answer {
  const line = (result['line'] ?? {}) as Answer;
  const receipt = (result['receipt'] ?? {}) as Answer;
  const money = (one: Answer): string =>
    typeof one['amount'] !== 'string' ? '-' : `${one['amount']} ${String(one['currency'])}`;
  return {
    line: line['number'],
    theirs: line['provider_reference'] ?? receipt['provider_reference'],
    ours: line['payment_reference'] ?? receipt['order'],
    bank_says: result['line'] === null ? '-' : `${String(line['status'])} ${money(line)}`,
    we_have: money(receipt),
    note: result['note'],
  };
}

function rowsOf(list: unknown): readonly Answer[] {
  return Array.isArray(list) ? (list as Answer[]) : [];
}

function readJsonFile(path: string): Answer {
  const text = readFileSync(path === '-' ? 0 : path, 'utf8');
  try {
    return JSON.parse(text) as Answer;
  } catch {
    throw new Error(`${path} is not JSON`);
  }
}
