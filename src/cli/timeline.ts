import type { Command } from 'commander';
import { type CommandContext, segment, tableVerb } from './commands';
import { merchantOption, orderIdOf } from './find-order';
import type { Answer } from './output';

/** Everything that happened to a payment, as a text that is read from above. */
export function addTimelineCommand(program: Command, context: CommandContext): void {
  tableVerb(
    program,
    'timeline <payment>',
    "what happened to an order (ord_... or the merchant's number) or to a receipt (rcp_...)",
  )
    .option(...merchantOption)
    .action(async (payment: string, options: { merchant?: string; json?: boolean }) => {
      const operator = context.operator();
      const path = payment.startsWith('rcp_')
        ? `receipts/${segment(payment)}`
        : `orders/${segment(await orderIdOf(operator, payment, options.merchant))}`;
      const answer = await operator.get(`/admin/${path}/timeline`);
      context.output.line(options.json === true ? JSON.stringify(answer, null, 2) : timelineText(answer));
    });
}

/** @param answer what the timeline's operation answers */
export function timelineText(answer: Answer): string {
  const items = rows(answer['items']);
  const width = Math.max(0, ...items.map((item) => plain(item['kind']).length));
  let day = '';
  const lines = items.flatMap((item) => {
    const [date = '', time = ''] = plain(item['at']).replace(/Z$/, '').split('T');
    const line = `${time}  ${words(item['kind']).padEnd(width)}  ${facts(item['facts'])}`.trimEnd();
    if (date === day) return [line];
    day = date;
    return [`${date} (UTC)`, line];
  });
  const traces = [...new Set(items.map((item) => item['trace_id']).filter((trace) => typeof trace === 'string'))];
  return [
    ...(lines.length === 0 ? ['nothing has happened yet'] : lines),
    ...section('still to come', answer['pending'], (one) => `${plain(one['what'])} ${facts(without(one, 'what'))}`),
    ...section('not known', answer['unavailable'], (one) => `${plain(one['part'])}: ${plain(one['reason'])}`),
    ...section('not listed', answer['left_out'], (one) => `${plain(one['count'])} older ${words(one['of'])}`),
    ...section('traces', traces.length === 0 ? [] : [{ ids: traces.join(' ') }], (one) => plain(one['ids'])),
  ].join('\n');
}

function section(title: string, listed: unknown, line: (row: Answer) => string): string[] {
  const lines = rows(listed).map((row) => `  ${line(row)}`);
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}

/** `name=value` of every fact that there is; what is nested is shown as JSON. */
function facts(value: unknown): string {
  return Object.entries(isAnswer(value) ? value : {})
    .filter(([, fact]) => fact !== null && fact !== '' && !(Array.isArray(fact) && fact.length === 0))
    .map(([name, fact]) => `${name}=${plain(fact)}`)
    .join(' ');
}

function without(row: Answer, field: string): Answer {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== field));
}

function words(value: unknown): string {
  return plain(value).replaceAll('_', ' ');
}

/** What came from outside must not be able to move the cursor or to colour the terminal. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}

function rows(value: unknown): readonly Answer[] {
  return Array.isArray(value) ? value.filter(isAnswer) : [];
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
