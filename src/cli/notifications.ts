import type { Command } from 'commander';
import { type WorkOptions, workOptions, workQuery } from './open-work';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';

interface ListOptions extends WorkOptions {
  readonly merchant?: string;
  readonly endpoint?: string;
  readonly order?: string;
  readonly status?: string;
  readonly failedSince?: string;
  readonly json?: boolean;
  readonly limit: number;
}

interface ResendOptions extends ShowOptions {
  readonly failedSince?: string;
  readonly merchant?: string;
  readonly endpoint?: string;
}

const FAILED_SINCE = 'what has failed for good since this time, such as 2026-11-20T00:00:00Z';

export function addNotificationCommands(program: Command, context: CommandContext): void {
  const notifications = group(program, 'notifications', 'what merchants are told, and every attempt to tell them');
  workOptions(listVerb(notifications, 'list', 'notifications, newest first'))
    .option('--merchant <id>', 'of this merchant')
    .option('--endpoint <id>', 'to this endpoint')
    .option('--order <id>', 'of this order')
    .option('--status <status>', 'scheduled, delivered, exhausted, no_endpoint or endpoint_disabled')
    .option('--failed-since <time>', FAILED_SINCE)
    .action(async (options: ListOptions) => {
      const { merchant, endpoint, order, status, failedSince } = options;
      const query = { merchant, endpoint, order, status, failed_since: failedSince, ...workQuery(options) };
      const rows = await context.operator().list('/admin/notifications', query, options.limit);
      const columns = [
        ...['id', 'order', 'type', 'endpoint', 'status', 'put_off', 'attempts_made', 'age_seconds', 'next_attempt_at'],
        ...['last_error', 'trace_id'],
      ];
      showList(context, rows, options, columns);
    });
  verb(notifications, 'show <notification>', 'one notification with its attempts').action(
    async (id: string, options: ShowOptions) => {
      showOne(context, await context.operator().get(`/admin/notifications/${segment(id)}`), options);
    },
  );
  verb(notifications, 'resend [notification]', 'send one again, or all that have failed since a time')
    .option('--failed-since <time>', `${FAILED_SINCE}; of all endpoints that are not disabled, or`)
    .option('--merchant <id>', '... of those of this merchant')
    .option('--endpoint <id>', '... of this one')
    .action(async (id: string | undefined, options: ResendOptions) => {
      if (id !== undefined && options.failedSince === undefined) {
        showOne(context, await context.operator().post(`/admin/notifications/${segment(id)}/resend`), options);
      } else if (id === undefined && options.failedSince !== undefined) {
        showOne(context, { resent: await resendMany(context, options) }, options);
      } else {
        throw new Error('name one notification, or give --failed-since');
      }
    });
}

/** The service takes a bounded number at once, so it is asked until nothing is left. */
async function resendMany(
  context: CommandContext,
  { failedSince, merchant, endpoint }: ResendOptions,
): Promise<number> {
  let resent = 0;
  for (let remaining = true; remaining;) {
    const body = { failed_since: failedSince, merchant, endpoint };
    const answer = await context.operator().post('/admin/notifications/resend', body);
    resent += Number(answer['resent']);
    remaining = answer['remaining'] === true;
  }
  return resent;
}
