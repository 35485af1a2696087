import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';
import type { Answer } from './output';

const KEY_HELP =
  'a key as <purpose>[:<serial>]=@<file>, or =@- for stdin; never the secret itself, which others could read in the list of processes';

interface CreateOptions extends ShowOptions {
  readonly provider: string;
  readonly receivingAccount: string;
  readonly live: boolean;
  readonly merchant: readonly string[];
  readonly setting: readonly string[];
  readonly key: readonly string[];
}

export function addChannelCommands(program: Command, context: CommandContext): void {
  const channels = group(program, 'channels', 'accounts at banks and gateways, whose callbacks are taken');
  verb(channels, 'create <name>', 'set up a channel; callbacks then go to /callbacks/<name>')
    .requiredOption('--provider <provider>', 'alipay, wechat_pay, stripe, adyen or standard_webhooks')
    .requiredOption('--receiving-account <account>', 'the account that callbacks must name (app_id, mchid, ...)')
    .option('--live', 'take live payments; without it, test payments', false)
    .option('--merchant <id>', 'serve this merchant only; may be repeated; without it, all', collect, [])
    .option('--setting <name=value>', "a setting of the provider's", collect, [])
    .addOption(new Option('--key <key>', KEY_HELP).argParser(collect).default([]))
    .action(async (name: string, options: CreateOptions) => {
      const channel = await context.operator().post('/admin/channels', {
        name,
        provider: options.provider,
        receiving_account: options.receivingAccount,
        live: options.live,
        merchants: options.merchant.length === 0 ? 'all' : options.merchant,
        settings: Object.fromEntries(options.setting.map(readSetting)),
        keys: options.key.map(readKey),
      });
      showOne(context, channel, options);
    });
  listVerb(channels, 'list', 'all channels').action(async (options: { json?: boolean; limit: number }) => {
    const rows = await context.operator().list('/admin/channels', {}, options.limit);
    showList(context, rows, options, ['id', 'name', 'provider', 'receiving_account', 'live', 'merchants', 'status']);
  });
  for (const [name, description] of [
    ['disable', 'refuse its callbacks from now on'],
    ['enable', 'take its callbacks again'],
  ] as const) {
    verb(channels, `${name} <channel>`, description).action(async (id: string, options: ShowOptions) => {
      showOne(context, await context.operator().post(`/admin/channels/${segment(id)}/${name}`), options);
    });
  }
  addKeyVerbs(channels, context);
}

function addKeyVerbs(channels: Command, context: CommandContext): void {
  verb(channels, 'add-key <channel>', 'add a key beside those that are active, as a rotation begins')
    .requiredOption('--key <key>', KEY_HELP)
    .action(async (id: string, options: ShowOptions & { key: string }) => {
      showOne(
        context,
        await context.operator().post(`/admin/channels/${segment(id)}/keys`, readKey(options.key)),
        options,
      );
    });
  channels
    .command('revoke-key <channel> <key>')
    .description('end a key for good, as a rotation ends')
    .action(async (id: string, key: string) => {
      await context.operator().delete(`/admin/channels/${segment(id)}/keys/${segment(key)}`);
      context.output.line(`${key} is revoked`);
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** `purpose:serial=@file` as the API takes it. @throws Error where it is written otherwise or the file cannot be read */
function readKey(text: string): Answer {
  const [, purpose, serial, file] = /^([a-z0-9_]+)(?::([^=]+))?=@(.+)$/i.exec(text) ?? [];
  if (purpose === undefined || file === undefined) {
    throw new Error('--key expects <purpose>[:<serial>]=@<file>, or =@- for stdin');
  }
  const secret = readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  return { purpose, secret, ...(serial === undefined ? {} : { serial }) };
}

function readSetting(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--setting is "${text}"; expected name=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}
