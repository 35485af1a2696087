import type { Command } from 'commander';
import { type ClientConfig, loadClientConfig } from '../config';
import { type ApiClient, operatorClient } from './client';
import { type Answer, type Column, type Output, card, table } from './output';

/** What the commands need that call the service. */
export interface CommandContext {
  readonly output: Output;
  readonly config: () => ClientConfig;
  readonly operator: () => ApiClient;
}

export function commandContext(output: Output): CommandContext {
  return { output, config: () => loadClientConfig(), operator: () => operatorClient(loadClientConfig()) };
}

/** A group of verbs about one thing: `quittance merchants ...`. */
export function group(program: Command, name: string, description: string): Command {
  return program.command(name).description(description);
}

export interface ShowOptions {
  readonly json?: boolean | undefined;
  /** Only this field, bare: for the variables of a shell. */
  readonly field?: string | undefined;
}

/** A verb that shows one thing that the API answers: as a card for people, or as JSON or a field for programs. */
export function verb(parent: Command, usage: string, description: string): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--json', 'print JSON')
    .option('--field <name>', 'print this field only');
}

/** A verb that shows a table. */
export function tableVerb(parent: Command, usage: string, description: string): Command {
  return parent.command(usage).description(description).option('--json', 'print JSON');
}

export function listVerb(parent: Command, usage: string, description: string): Command {
  return tableVerb(parent, usage, description).option('--limit <rows>', 'the most rows to read', readLimit, 1_000);
}

export function showOne(context: CommandContext, answer: Answer, options: ShowOptions): void {
  if (options.field !== undefined) context.output.line(readField(answer, options.field));
  else context.output.line(options.json === true ? JSON.stringify(answer, null, 2) : card(answer));
}

function readField(answer: Answer, name: string): string {
  const value = answer[name];
  if (value === undefined)
    throw new Error(`the answer has no field "${name}"; it has ${Object.keys(answer).join(', ')}`);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function showList(
  context: CommandContext,
  rows: readonly Answer[],
  options: { json?: boolean },
  columns: readonly Column[],
): void {
  if (options.json === true) context.output.line(JSON.stringify(rows, null, 2));
  else context.output.line(rows.length === 0 ? 'none' : table(rows, columns));
}

/** An id as a part of a path, whatever was typed. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

/** A path with those fields of a query that are given. */
export function withQuery(path: string, query: object): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`;
}

/** The rows that an answer has in a field. */
export function rowsOf(answer: Answer, field: string): readonly Answer[] {
  return Array.isArray(answer[field]) ? (answer[field] as Answer[]) : [];
}

function readLimit(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--limit is "${text}"; expected a whole number above zero`);
  return Number(text);
}
