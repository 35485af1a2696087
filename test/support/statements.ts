import type { Response } from 'supertest';
import { type Channel, type Json, OPERATOR_TOKEN, type World } from './world';

/** What a bank writes on one line of its statement, in the format of `STATEMENT_FILE`. */
export interface WrittenLine {
  readonly ours?: string;
  readonly theirs?: string;
  readonly amount: string;
  readonly fee?: string;
  readonly currency?: string;
  readonly status?: string;
  readonly time?: string;
  readonly id?: string;
}

export const HEADER = 'ours,theirs,amount,fee,currency,status,time,id';

export const STATEMENT_FILE = {
  columns: {
    payment_reference: 'ours',
    provider_reference: 'theirs',
    amount: 'amount',
    fee: 'fee',
    currency: 'currency',
    status: 'status',
    time: 'time',
    line_id: 'id',
  },
  status_words: {
    paid: ['PAID'],
    failed: ['FAILED'],
    refunded: ['REFUND'],
    reversed: ['REVERSED'],
    ignored: ['PAYOUT'],
  },
};

/** Today in UTC, and so many days before. */
export function day(before = 0): string {
  return new Date(Date.now() - before * 86_400_000).toISOString().slice(0, 10);
}

export function csv(lines: readonly WrittenLine[]): string {
  const rows = lines.map((line) =>
    [
      line.ours ?? '',
      line.theirs ?? '',
      line.amount,
      line.fee ?? '',
      line.currency ?? 'USD',
      line.status ?? 'PAID',
      line.time ?? `${day()} 12:00:00`,
      line.id ?? '',
    ].join(','),
  );
  return [HEADER, ...rows, ''].join('\n');
}

export async function setMapping(world: World, channel: Channel, rules: object = {}, file: object = {}): Promise<void> {
  await world.admin('put', `/reconciliation/mappings/${channel.name}`, {
    file: { ...STATEMENT_FILE, ...file },
    rules: { due_days: 3, window_days: 3, ...rules },
  });
}

/** Hands the file in, as its own answer. */
export async function handIn(
  world: World,
  channel: Channel,
  file: string | Buffer,
  query: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return world.http
    .post('/admin/reconciliation/statements')
    .query({ channel: channel.name, date: day(), ...query })
    .set('Authorization', `Bearer ${OPERATOR_TOKEN}`)
    .set('Content-Type', 'text/csv')
    .send(file);
}

/** Hands the file in and gives the run when it has ended. */
export async function reconcile(
  world: World,
  channel: Channel,
  file: string | Buffer,
  query: Readonly<Record<string, string>> = {},
): Promise<Json> {
  const answer = await handIn(world, channel, file, query);
  if (answer.status !== 201) throw new Error(`handing in answered ${answer.status}: ${answer.text}`);
  return ended(world, answer.body.run.id);
}

export async function ended(world: World, id: string, withinMs = 60_000): Promise<Json> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const run = await world.admin('get', `/reconciliation/runs/${id}`);
    if (run.status === 'done' || run.status === 'quarantined') return run;
    if (Date.now() > deadline) throw new Error(`the run is still ${run.status} ${run.step}: ${run.last_error}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/**
 * Resolves when no run is under way any more. The day's work alone does not say so: it passes over a run that the sweep has
 * claimed and is still driving.
 */
export async function everyRunEnded(world: World, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = await world.query(
      `select id, status, step, last_error from orders.statement_runs where status in ('receiving', 'staged', 'matching')`,
    );
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`still under way: ${JSON.stringify(left)}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** `{ matched: 2, recovered: 1 }` */
export function counts(run: Json): Record<string, number> {
  const found: Record<string, number> = {};
  for (const total of run.totals) found[total.class] = (found[total.class] ?? 0) + Number(total.count);
  return found;
}

export async function results(world: World, run: Json, only?: string): Promise<Json[]> {
  const { data } = await world.admin(
    'get',
    `/reconciliation/runs/${run.id}/results?limit=100${only === undefined ? '' : `&class=${only}`}`,
  );
  return data;
}

export async function pool(world: World, channel: Channel, query = ''): Promise<Json[]> {
  return (await world.admin('get', `/reconciliation/pool?limit=100&channel=${channel.name}${query}`)).data;
}

export async function incidentsOf(world: World, kind: string): Promise<Json[]> {
  return (await world.admin('get', `/incidents?limit=100&kind=${kind}`)).data;
}
