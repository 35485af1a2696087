import type { Command } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';

/** What narrows a list, or a retry, to work that does not get on. */
export interface WorkOptions {
  readonly stuck?: boolean;
  readonly olderThan?: number;
  readonly minAttempts?: string;
}

/** @returns the command with `--older-than` and `--min-attempts`, and `--stuck` where it is a list */
export function workOptions(command: Command, forLists = true): Command {
  const narrowed = command
    .option('--older-than <age>', 'only what is not done and this old, such as 90s, 10m, 2h or 3d', readAge)
    .option('--min-attempts <number>', 'only what is not done and has been tried so often');
  if (!forLists) return narrowed;
  return narrowed.option('--stuck', 'only what is not done after 10 minutes or many attempts');
}

export function workQuery({ stuck, olderThan, minAttempts }: WorkOptions): Record<string, string | undefined> {
  return {
    stuck: stuck === true ? 'true' : undefined,
    older_than: olderThan === undefined ? undefined : String(olderThan),
    min_attempts: minAttempts,
  };
}

/** What every list of work shows besides what it is. */
export const WORK_COLUMNS = ['attempts', 'age_seconds', 'next_try_at', 'last_error', 'trace_id'];

interface RetryOptions extends ShowOptions, WorkOptions {
  readonly all?: boolean;
}

/** `retry <id>`, or `retry --all` of one kind of work. */
export function retryVerb(
  parent: Command,
  context: CommandContext,
  { what, path, work }: { readonly what: string; readonly path: string; readonly work: string },
): void {
  workOptions(
    verb(parent, `retry [${what}]`, 'try it now instead of after its backoff; with --all, all that wait').option(
      '--all',
      'all of them',
    ),
    false,
  ).action(async (id: string | undefined, options: RetryOptions) => {
    const narrowed = options.olderThan !== undefined || options.minAttempts !== undefined;
    if (id !== undefined && options.all !== true && !narrowed) {
      showOne(context, await context.operator().post(`${path}/${segment(id)}/retry`), options);
    } else if (id === undefined && options.all === true) {
      showOne(context, await retryAll(context, [work], options), options);
    } else {
      throw new Error(`name one ${what}, or give --all`);
    }
  });
}

const KINDS = ['receipts', 'transactions', 'messages', 'notifications'] as const;

/** The service takes a bounded number at once, so it is asked until nothing is left. */
async function retryAll(
  context: CommandContext,
  work: readonly string[],
  { olderThan, minAttempts }: WorkOptions,
): Promise<Record<string, number>> {
  const body = {
    work,
    older_than: olderThan,
    min_attempts: minAttempts === undefined ? undefined : Number(minAttempts),
  };
  const retried: Record<string, number> = {};
  for (let more = true; more;) {
    const answer = await context.operator().post('/admin/work/retry', body);
    for (const [kind, count] of Object.entries(answer['retried'] ?? {})) {
      if (work.includes(kind)) retried[kind] = (retried[kind] ?? 0) + Number(count);
    }
    more = answer['more'] === true;
  }
  return retried;
}

/** What is under way and does not get on, and how it is moved. */
export function addOpenWorkCommands(program: Command, context: CommandContext): void {
  workOptions(
    verb(
      program,
      'retry',
      'try everything now that waits for its backoff: receipts, transactions, messages, notifications',
    ).requiredOption(
      '--all-due',
      'what recovery has put off, and what a failing endpoint held up; no schedule of a merchant',
    ),
    false,
  ).action(async (options: ShowOptions & WorkOptions) => {
    showOne(context, await retryAll(context, KINDS, options), options);
  });
  const outbox = group(program, 'outbox', 'messages that ask for the vouchers of payments');
  workOptions(listVerb(outbox, 'list', 'messages, newest first').option('--status <status>', 'due or done')).action(
    async ({ status, json, limit, ...narrowing }: WorkOptions & { status?: string; json?: boolean; limit: number }) => {
      const rows = await context.operator().list('/admin/outbox', { status, ...workQuery(narrowing) }, limit);
      showList(context, rows, json === undefined ? {} : { json }, [
        'id',
        'topic',
        'receipt',
        'status',
        ...WORK_COLUMNS,
      ]);
    },
  );
  verb(outbox, 'show <message>', 'one message').action(async (id: string, options: ShowOptions) => {
    showOne(context, await context.operator().get(`/admin/outbox/${segment(id)}`), options);
  });
  retryVerb(outbox, context, { what: 'message', path: '/admin/outbox', work: 'messages' });
}

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `10m` as seconds. */
function readAge(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`--older-than is "${text}"; expected an age such as 90s, 10m, 2h or 3d`);
  return Number(number) * SECONDS[unit as keyof typeof SECONDS];
}
