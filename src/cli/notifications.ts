import type { Command } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';

interface ListOptions {
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
  listVerb(notifications, 'list', 'notifications, newest first')
    .option('--merchant <id>', 'of this merchant')
    .option('--endpoint <id>', 'to this endpoint')
    .option('--order <id>', 'of this order')
    .option('--status <status>', 'scheduled, delivered, exhausted, no_endpoint or endpoint_disabled')
    .option('--failed-since <time>', FAILED_SINCE)
    .action(async (options: ListOptions) => {
      const { merchant, endpoint, order, status, failedSince } = options;
      const query = { merchant, endpoint, order, status, failed_since: failedSince };
      const rows = await context.operator().list('/admin/notifications', query, options.limit);
      const columns = ['id', 'order', 'type', 'endpoint', 'status', 'next_attempt_at', 'last_error'];
      showList(context, rows, options, columns);
    });
  verb(notifications, 'show <notification>', 'one notification with its attempts').action(
    async (id: string, options: ShowOptions) => {
      showOne(context, await context.operator().get(`/admin/notifications/${segment(id)}`), options);
    },
  );
  verb(notifications, 'resend [notification]', 'send one again, or all that have failed since a time')
    .option('--failed-since <time>', `${FAILED_SINCE}; with --merchant and --endpoint`)
    .option('--merchant <id>', 'whose endpoint it is')
    .option('--endpoint <id>', 'the endpoint that missed them')
    .action(async (id: string | undefined, options: ResendOptions) => {
      const { path, body } = whatToResend(id, options);
      showOne(context, await context.operator().post(path, body), options);
    });
}

/** @throws Error where it is neither one notification nor an endpoint and a time */
function whatToResend(id: string | undefined, options: ResendOptions): { path: string; body: Record<string, string> } {
  const { failedSince, merchant, endpoint } = options;
  if (id !== undefined && failedSince === undefined) {
    return { path: `/admin/notifications/${segment(id)}/resend`, body: {} };
  }
  if (id === undefined && failedSince !== undefined && merchant !== undefined && endpoint !== undefined) {
    const path = `/admin/merchants/${segment(merchant)}/endpoints/${segment(endpoint)}/resend`;
    return { path, body: { failed_since: failedSince } };
  }
  throw new Error('name one notification, or give --failed-since, --merchant and --endpoint');
}
