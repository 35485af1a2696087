import type { Command } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';

export function addMerchantCommands(program: Command, context: CommandContext): void {
  const merchants = group(program, 'merchants', 'merchants, to whom orders and accounts belong');
  verb(merchants, 'create <name>', 'register a merchant').action(async (name: string, options: ShowOptions) => {
    showOne(context, await context.operator().post('/admin/merchants', { name }), options);
  });
  listVerb(merchants, 'list', 'all merchants').action(async (options: { json?: boolean; limit: number }) => {
    const rows = await context.operator().list('/admin/merchants', {}, options.limit);
    showList(context, rows, options, ['id', 'name', 'status', 'created_at']);
  });
  verb(merchants, 'show <merchant>', 'one merchant').action(async (id: string, options: ShowOptions) => {
    showOne(context, await context.operator().get(`/admin/merchants/${segment(id)}`), options);
  });
}

export function addApiKeyCommands(program: Command, context: CommandContext): void {
  const keys = group(program, 'api-keys', 'keys with which merchants call the API');
  verb(keys, 'create <merchant>', 'make a key; it is shown once, and only here')
    .requiredOption('--name <name>', 'what the key is for')
    .action(async (merchant: string, options: ShowOptions & { name: string }) => {
      const path = `/admin/merchants/${segment(merchant)}/api-keys`;
      showOne(context, await context.operator().post(path, { name: options.name }), options);
    });
  listVerb(keys, 'list <merchant>', "a merchant's keys, without the keys themselves").action(
    async (merchant: string, options: { json?: boolean; limit: number }) => {
      const rows = await context.operator().list(`/admin/merchants/${segment(merchant)}/api-keys`, {}, options.limit);
      showList(context, rows, options, ['id', 'name', 'prefix', 'created_at', 'revoked_at']);
    },
  );
  keys
    .command('revoke <merchant> <key>')
    .description('end a key for good')
    .action(async (merchant: string, key: string) => {
      await context.operator().delete(`/admin/merchants/${segment(merchant)}/api-keys/${segment(key)}`);
      context.output.line(`${key} is revoked`);
    });
}
