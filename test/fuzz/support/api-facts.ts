import { findFreePort } from '../../../src/database/embedded/postmaster';
import type { ApiDocument, DocumentedOperation } from '../../support/api-document';
import type { AttackedService } from '../../support/attacked-service';
import { type Json, OPERATOR_TOKEN, type World } from '../../support/world';

/** Who calls: whose right it is, or somebody else. */
export const CALLERS = ['right', 'nobody', 'forger', 'wrong door', 'stranger'] as const;
export type Caller = (typeof CALLERS)[number];

/** What there is in an attacked service, so that a request can be about it. */
export interface ApiFacts {
  /** Ids of every kind as callers see them, of things that may come to harm. */
  readonly ids: readonly string[];
  /** What is no id, by the name of the parameter that takes it. */
  readonly names: Readonly<Record<string, string>>;
  /** As lists gave them. */
  readonly cursors: readonly string[];
  /** What is nothing to the stranger. */
  readonly secrets: readonly string[];
  /** The token of a caller of an operation; undefined where there is none, or the operation is open to anybody. */
  tokenOf(caller: Caller, operation: DocumentedOperation): string | undefined;
}

const ID = /\b[a-z]{2,8}_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** Makes a little of everything, settles it, and reads it all back over the API. */
export async function prepareFacts({ world, url }: AttackedService, document: ApiDocument): Promise<ApiFacts> {
  const [merchant, stranger, victim] = [await world.merchant(), await world.merchant(), await world.merchant()];
  const channel = await world.channel();
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
  await world.admin('put', `/merchants/${victim.id}/fee-plans/USD`, { rate: '0.01' });
  await world.admin('post', `/merchants/${victim.id}/accounts`, { reference: 'payee', currency: 'USD' });
  await world.v1(merchant, 'post', '/endpoints', { url: `http://127.0.0.1:${await findFreePort()}/nobody` });
  const orders: Json[] = [];
  for (let nth = 0; nth < 6; nth += 1) orders.push(await world.order(merchant, { customer: 'anna' }));
  for (const order of orders.slice(0, 3)) await world.send(channel, world.paid(channel, order)).expect(204);
  await world.send(channel, world.paid(channel, { amount: '5.00', currency: 'USD' })).expect(204);
  await finishWork(world);

  const tokens = { operator: OPERATOR_TOKEN, merchant: merchant.key };
  const { ids, cursors } = await readEverything(url, document, tokens);
  const ownKeys = await Promise.all(
    [merchant, stranger].map(({ id }) => world.admin('get', `/merchants/${id}/api-keys?limit=100`)),
  );
  const own = new Set([merchant.id, stranger.id, ...idsIn(JSON.stringify(ownKeys))]);
  return {
    ids: ids.filter((id) => !own.has(id)),
    names: { channel: channel.name, customer: 'anna', merchant_order_no: orders[0].merchant_order_no },
    cursors,
    secrets: [merchant.id, ...orders.map((order) => order.id)],
    tokenOf: (caller, { path }) => {
      const door = path.startsWith('/admin/') ? 'operator' : path.startsWith('/v1/') ? 'merchant' : undefined;
      if (door === undefined || caller === 'nobody') return undefined;
      if (caller === 'right') return tokens[door];
      if (caller === 'forger') return `qk_00000000_${'A'.repeat(43)}`;
      if (caller === 'stranger') return stranger.key;
      return door === 'operator' ? merchant.key : OPERATOR_TOKEN;
    },
  };
}

/** Nobody waits a minute here for an order that will never be. */
const WAITED = `update orders.receipts set received_at = received_at - interval '2 minutes', next_try_at = clock_timestamp()
  where status = 'waiting'`;
const DUE = `select id from orders.outbox where status = 'due'`;

/** Does what workers would do, but calls no merchant: where merchants are called is what was sent by somebody hostile. */
export async function finishWork(world: World): Promise<void> {
  const sweep = (name: string) => world.wired.sweeps.find((one) => one.name === name)!.run();
  const deadline = Date.now() + 120_000;
  for (;;) {
    await world.query(WAITED);
    await sweep('receipts');
    await sweep('transactions');
    const due = await world.query<{ id: string }>(DUE);
    await world.wired.outbox.handle(due.map(({ id }) => id) as never);
    if (await isFinished(world)) break;
    if (Date.now() > deadline) throw new Error('its work never ends');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // They are due, and not since so long that somebody should have been here.
  await world.query(`update orders.notifications set next_try_at = clock_timestamp() where status = 'scheduled'`);
}

async function isFinished(world: World): Promise<boolean> {
  return world.settled(0).then(
    () => true,
    () => false,
  );
}

interface Read {
  readonly ids: readonly string[];
  readonly cursors: readonly string[];
}

/** Calls every GET of the document with what the calls before it have shown. */
async function readEverything(
  url: string,
  document: ApiDocument,
  tokens: Readonly<Record<string, string>>,
): Promise<Read> {
  const ids = new Set<string>();
  const cursors = new Set<string>();
  const reads = document.operations.filter(({ method, path }) => method === 'get' && /^\/(admin|v1)\//.test(path));
  // Those with an id in their path come last: the others give it.
  const inOrder = [...reads].sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')));
  for (const operation of inOrder) {
    const target = examplePath(document, operation, { ids: [...ids], names: {} });
    const isList = operation.described.parameters.some((one: Json) => one.$ref?.endsWith('/limit'));
    const token = tokens[operation.path.startsWith('/admin/') ? 'operator' : 'merchant']!;
    for (const query of isList ? ['?limit=1', '?limit=100'] : ['']) {
      const answer = await fetch(`${url}${target}${query}`, { headers: { authorization: `Bearer ${token}` } });
      const text = await answer.text();
      if (!answer.ok) continue;
      for (const id of idsIn(text)) ids.add(id);
      for (const [, cursor] of text.matchAll(/"next_cursor":"([^"]+)"/g)) cursors.add(cursor!);
    }
  }
  return { ids: [...ids], cursors: [...cursors] };
}

/** The path of an operation, with what there is instead of the document's examples. */
export function examplePath(
  document: ApiDocument,
  { path, described }: DocumentedOperation,
  facts: Pick<ApiFacts, 'ids' | 'names'>,
  pick = 0,
): string {
  return path.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const parameter = parametersOf(document, described).find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(existing(parameter?.example, facts, pick, name));
  });
}

export function parametersOf(document: ApiDocument, described: Json): Json[] {
  return (described.parameters as Json[]).map((one) => document.resolve(one));
}

/** A thing that exists where the example is the id of one of its kind, or the name of one; else the example. */
export function existing(example: unknown, facts: Pick<ApiFacts, 'ids' | 'names'>, pick: number, name = ''): string {
  const text = String(example);
  const [prefix] = idsIn(text).map((id) => id.slice(0, id.indexOf('_') + 1));
  const ofItsKind = prefix === undefined ? [] : facts.ids.filter((id) => id.startsWith(prefix));
  return ofItsKind[pick % Math.max(1, ofItsKind.length)] ?? facts.names[name] ?? text;
}

export function idsIn(text: string): readonly string[] {
  return text.match(ID) ?? [];
}
