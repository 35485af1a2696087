import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import {
  type CommandContext,
  type ShowOptions,
  group,
  listVerb,
  segment,
  showList,
  showOne,
  tableVerb,
  verb,
} from './commands';
import { type Answer, card, table } from './output';

interface ListOptions {
  readonly status?: string;
  readonly kind?: string;
  readonly severity?: string;
  readonly assignee?: string;
  readonly unassigned?: boolean;
  readonly order?: string;
  readonly receipt?: string;
  readonly json?: boolean;
  readonly limit: number;
}

/** What a person must look at, and what is done about it. */
export function addIncidentCommands(program: Command, context: CommandContext): void {
  const incidents = group(program, 'incidents', 'what a person must look at');
  listVerb(incidents, 'list', 'incidents, newest first')
    .option('--status <status>', 'open or resolved')
    .option('--kind <kind>', 'of this kind')
    .option('--severity <severity>', 'critical, high, medium or low')
    .option('--assignee <name>', 'that this operator has')
    .option('--unassigned', 'that nobody has')
    .option('--order <order>', 'about this order')
    .option('--receipt <receipt>', 'about this receipt')
    .action(async ({ json, limit, unassigned, ...filter }: ListOptions) => {
      const query = { ...filter, assigned: unassigned === true ? 'false' : undefined };
      const rows = await context.operator().list('/admin/incidents', query, limit);
      const columns = ['id', 'severity', 'kind', 'order', 'receipt', 'status', 'assignee', 'times_seen', 'opened_at'];
      showList(context, rows, json === undefined ? {} : { json }, columns);
    });
  tableVerb(incidents, 'show <incident>', 'one incident: its facts, what to do about it, and its whole history').action(
    async (id: string, options: { json?: boolean }) => {
      const path = `/admin/incidents/${segment(id)}`;
      const incident = await context.operator().get(path);
      const history = (await context.operator().list(`${path}/events`, {}, Number.MAX_SAFE_INTEGER)).toReversed();
      if (options.json === true) context.output.line(JSON.stringify({ ...incident, history }, null, 2));
      else context.output.line(report(incident, history));
    },
  );
  incidents
    .command('explain <kind>')
    .description('what a kind means, what is at stake, and what to do')
    .action((kind: string) => {
      context.output.line(explain(kind));
    });
  addWorkVerbs(incidents, context);
}

interface WorkOptions extends ShowOptions {
  readonly note: string;
}

function addWorkVerbs(incidents: Command, context: CommandContext): void {
  verb(incidents, 'assign <incident> [operator]', 'give it to somebody; without a name, to yourself')
    .option('--take-over', 'also from whoever has it now')
    .action(async (id: string, assignee: string | undefined, options: ShowOptions & { takeOver?: boolean }) => {
      const path = `/admin/incidents/${segment(id)}`;
      const standing = options.takeOver === true ? await context.operator().get(path) : {};
      const body = { assignee, version: standing['version'] };
      showOne(context, await context.operator().post(`${path}/assign`, body), options);
    });
  verb(incidents, 'unassign <incident>', 'take it from whoever has it').action(
    async (id: string, options: ShowOptions) => {
      showOne(context, await context.operator().post(`/admin/incidents/${segment(id)}/unassign`), options);
    },
  );
  for (const [name, path, description] of [
    ['note <incident>', 'notes', 'note what was found'],
    ['reopen <incident>', 'reopen', 'open a resolved one again'],
  ] as const) {
    verb(incidents, name, description)
      .requiredOption('--note <text>', 'what for')
      .action(async (id: string, options: WorkOptions) => {
        const { note } = options;
        showOne(context, await context.operator().post(`/admin/incidents/${segment(id)}/${path}`, { note }), options);
      });
  }
  verb(incidents, 'resolve [incident]', 'end an incident, or all open ones of a kind')
    .requiredOption('--note <text>', 'what was done about it')
    .option('--kind <kind>', 'all of this kind ...')
    .option('--before <time>', '... that were last seen before this time (RFC 3339)')
    .action(
      async (id: string | undefined, options: WorkOptions & { readonly kind?: string; readonly before?: string }) => {
        const { note, kind, before } = options;
        if (id !== undefined && kind === undefined && before === undefined) {
          const path = `/admin/incidents/${segment(id)}/resolve`;
          showOne(context, await context.operator().post(path, { note }), options);
        } else if (id === undefined && kind !== undefined && before !== undefined) {
          showOne(context, { resolved: await resolveMany(context, { kind, before, note }) }, options);
        } else {
          throw new Error('name one incident, or both --kind and --before');
        }
      },
    );
}

/** The service resolves a bounded number at once, so it is asked until nothing is left. */
async function resolveMany(context: CommandContext, body: Answer): Promise<number> {
  let resolved = 0;
  for (let more = true; more;) {
    const answer = await context.operator().post('/admin/incidents/resolve', body);
    resolved += Number(answer['resolved']);
    more = answer['more'] === true;
  }
  return resolved;
}

function report(incident: Answer, history: readonly Answer[]): string {
  const { facts, actions, ...rest } = incident;
  const fields = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'history'));
  const told = history.map((event) => ({
    ...event,
    operator: event['operator'] ?? 'the service',
    what: event['note'] ?? event['assignee'] ?? event['facts'],
  }));
  const steps = Array.isArray(actions) ? (actions as readonly Answer[]) : [];
  return [
    card(fields),
    '',
    'facts',
    card(typeof facts === 'object' && facts !== null ? (facts as Answer) : {}),
    '',
    'what can be done',
    table(steps, ['about', 'command']),
    '',
    'history',
    table(told, ['number', 'at', 'kind', 'operator', 'what']),
  ].join('\n');
}

/** The section of a kind, without its heading. @throws Error where there is none */
function explain(kind: string): string {
  const sections = readPages().split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`${kind}\n`));
  if (section !== undefined) return section.trim();
  const kinds = sections.map((text) => text.split('\n', 1)[0]);
  throw new Error(`there is no kind "${kind}"; there are ${kinds.join(', ')}`);
}

/** The pages lie beside the sources and, in an installed package, beside dist/. */
function readPages(): string {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'docs', 'incidents.md');
    if (existsSync(path)) return readFileSync(path, 'utf8');
  }
  throw new Error('docs/incidents.md is missing from this installation');
}
