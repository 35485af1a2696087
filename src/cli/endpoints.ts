import type { Command } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';

interface CreateOptions extends ShowOptions {
  readonly schedule?: string;
  readonly successRule?: string;
}

export function addEndpointCommands(program: Command, context: CommandContext): void {
  const endpoints = group(program, 'endpoints', 'where merchants are notified');
  verb(endpoints, 'create <merchant> <url>', 'notify this URL; its signing secret is shown once, and only here')
    .option('--schedule <name>', 'standard, alipay or wechat')
    .option('--success-rule <rule>', 'status_2xx, or body_success for a body that says "success"')
    .action(async (merchant: string, url: string, options: CreateOptions) => {
      const endpoint = {
        url,
        ...(options.schedule === undefined ? {} : { schedule: options.schedule }),
        ...(options.successRule === undefined ? {} : { success_rule: options.successRule }),
      };
      const path = `/admin/merchants/${segment(merchant)}/endpoints`;
      showOne(context, await context.operator().post(path, endpoint), options);
    });
  listVerb(endpoints, 'list <merchant>', "a merchant's endpoints").action(
    async (merchant: string, options: { json?: boolean; limit: number }) => {
      const rows = await context.operator().list(`/admin/merchants/${segment(merchant)}/endpoints`, {}, options.limit);
      showList(context, rows, options, ['id', 'url', 'schedule', 'success_rule', 'status']);
    },
  );
}
