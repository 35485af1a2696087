import type { Command } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';
import type { Answer } from './output';

interface WishOptions extends ShowOptions {
  readonly url?: string;
  readonly schedule?: string;
  readonly successRule?: string;
  readonly events?: string;
}

export function addEndpointCommands(program: Command, context: CommandContext): void {
  const endpoints = group(program, 'endpoints', 'where merchants are notified');
  const wishes = (command: Command): Command =>
    command
      .option('--schedule <name>', 'standard, alipay or wechat, or delays in seconds such as 0,60,600')
      .option('--success-rule <rule>', 'status_2xx, or body_success for a body that says "success"')
      .option('--events <types>', 'only these, such as order.paid,order.closed; "all" for every event');
  wishes(
    verb(endpoints, 'create <merchant> <url>', 'notify this URL; its signing secret is shown once, and only here'),
  ).action(async (merchant: string, url: string, options: WishOptions) => {
    const answer = await context.operator().post(pathOf(merchant), { ...wishesOf(options), url });
    showOne(context, answer, options);
  });
  wishes(verb(endpoints, 'update <merchant> <endpoint>', 'change it; what is not given stays as it is'))
    .option('--url <url>', 'another URL')
    .action(async (merchant: string, endpoint: string, options: WishOptions) => {
      showOne(context, await context.operator().post(pathOf(merchant, endpoint), wishesOf(options)), options);
    });
  listVerb(endpoints, 'list <merchant>', "a merchant's endpoints").action(
    async (merchant: string, options: { json?: boolean; limit: number }) => {
      const rows = await context.operator().list(pathOf(merchant), {}, options.limit);
      showList(context, rows, options, ['id', 'url', 'event_types', 'status', 'failing_since', 'last_error']);
    },
  );
  verb(
    endpoints,
    'show <merchant> <endpoint>',
    'whether it works, since when it fails, and why it was disabled',
  ).action(async (merchant: string, endpoint: string, options: ShowOptions) => {
    showOne(context, await context.operator().get(pathOf(merchant, endpoint)), options);
  });
  addActions(endpoints, context);
}

function addActions(endpoints: Command, context: CommandContext): void {
  for (const [name, description] of [
    ['disable', 'notify it no more'],
    ['enable', 'notify it again, and resend what its disabling has ended'],
    ['ping', 'send a signed test message now, and show what happens'],
  ] as const) {
    verb(endpoints, `${name} <merchant> <endpoint>`, description).action(
      async (merchant: string, endpoint: string, options: ShowOptions) => {
        showOne(context, await context.operator().post(`${pathOf(merchant, endpoint)}/${name}`), options);
      },
    );
  }
  verb(endpoints, 'rotate-secret <merchant> <endpoint>', 'make a new secret; it is shown once, and only here')
    .option('--overlap <seconds>', 'how long the secret so far signs beside it', '86400')
    .action(async (merchant: string, endpoint: string, options: ShowOptions & { overlap: string }) => {
      const body = { overlap_seconds: Number(options.overlap) };
      showOne(context, await context.operator().post(`${pathOf(merchant, endpoint)}/rotate-secret`, body), options);
    });
}

function pathOf(merchant: string, endpoint?: string): string {
  const all = `/admin/merchants/${segment(merchant)}/endpoints`;
  return endpoint === undefined ? all : `${all}/${segment(endpoint)}`;
}

function wishesOf({ url, schedule, successRule, events }: WishOptions): Answer {
  const isList = schedule !== undefined && /^\d+(,\d+)*$/.test(schedule);
  return {
    ...(url === undefined ? {} : { url }),
    ...(schedule === undefined ? {} : { schedule: isList ? schedule.split(',').map(Number) : schedule }),
    ...(successRule === undefined ? {} : { success_rule: successRule }),
    ...(events === undefined ? {} : { event_types: events === 'all' ? null : events.split(',') }),
  };
}
