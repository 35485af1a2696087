import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Cast } from './cast';
import { type Body, expectOk } from './client';
import { exponentOf, fromMinor } from './minor-units';
import type { PlannedOrder } from './plan';
import { runCommand } from './processes';
import type { Scenery } from './setup';
import { PAYMENT_PREFIX, type Stage, paymentOf } from './stage';
import { FEE_PER_MILLE, STATEMENT_MAPPING, type WrittenStatement } from './statement';
import type { Story, Stray } from './stories';
import { CHANNELS, type ChannelInWorld, FROZEN_MERCHANT, MERCHANTS, channelNamed } from './world';

export interface Reconciled {
  /** The orders whose callbacks were lost, and are paid all the same. */
  readonly stories: readonly Story[];
  readonly stray: Stray;
  readonly channel: string;
  /** What was found in the statement, by class. */
  readonly found: Readonly<Record<string, number>>;
  /** How many incidents of each kind must have come of it. */
  readonly incidents: ReadonlyMap<string, bigint>;
  readonly disagreements: readonly string[];
}

export interface ReconcileDependencies {
  readonly cast: Cast;
  readonly scenery: Scenery;
  readonly stage: Stage;
}

const LOST = 2;

/**
 * The bank's statement: it tells of two payments whose callbacks never came, of money that is nobody's, and otherwise of
 * everything that it has told before, with a difference of every kind. The operator reconciles it, and that of tomorrow.
 */
export async function reconcileStatements(deps: ReconcileDependencies): Promise<Reconciled> {
  const { cast, scenery } = deps;
  const channel = await busiestChannel(cast);
  const stories = await loseCallbacks(deps, channel);
  const stray = await payForeign(cast, channel);
  await describeStatement(scenery, channel);
  const { today, tomorrow } = await cast.bank.call('statements', { channel: channel.name });
  const now = new Date();
  const dayAfter = new Date(now.getTime() + 86_400_000);
  const first = await reconcile(cast, channel, now, today);
  const [again, second] = await Promise.all([
    reconcile(cast, channel, now, today),
    reconcile(cast, channel, dayAfter, tomorrow),
  ]);
  const repeated = again.duplicate ? [] : ['the same statement was taken in twice'];
  return {
    stories,
    stray,
    channel: channel.name,
    found: first.found,
    incidents: new Map(Object.entries(today.incidents).map(([kind, times]) => [kind, BigInt(times)])),
    disagreements: [...first.disagreements, ...repeated, ...second.disagreements],
  };
}

async function busiestChannel(cast: Cast): Promise<ChannelInWorld> {
  const { acknowledged } = await cast.bank.call('books', undefined);
  const payments = (name: string): number =>
    acknowledged.reduce((sum, total) => sum + (total.channel === name ? total.payments : 0), 0);
  const [busiest] = [...CHANNELS].sort((a, b) => payments(b.name) - payments(a.name));
  return busiest ?? channelNamed('first-nordic-bank');
}

/** Customers pay, the bank knows, and its callbacks are lost on their way. */
async function loseCallbacks({ cast, stage }: ReconcileDependencies, channel: ChannelInWorld): Promise<Story[]> {
  const merchant = MERCHANTS.find(
    ({ key, currencies }) =>
      key !== FROZEN_MERCHANT && currencies.some(({ currency }) => channel.currencies.includes(currency)),
  );
  const terms = merchant?.currencies.find(({ currency }) => channel.currencies.includes(currency));
  if (merchant === undefined || terms === undefined) throw new Error(`nobody takes money through ${channel.name}`);
  const orders = Array.from({ length: LOST }, (_, index): PlannedOrder => ({
    number: `LOST-${index + 1}`,
    scenario: 'plain',
    merchant: merchant.key,
    currency: terms.currency,
    minor: terms.typical,
    customer: merchant.customers[0],
    splits: [],
    channel: channel.name,
    otherChannel: channel.name,
    begins: 0,
  }));
  return Promise.all(
    orders.map(async (order): Promise<Story> => {
      const placed = await stage.place(order);
      await cast.bank.call('lose', { channel: channel.name, payment: paymentOf(placed) });
      return { order, id: placed.id, status: 'paid', effects: [{ kind: 'paid' }] };
    }),
  );
}

/** Money that names nobody, and of which the bank has not told either. */
async function payForeign(cast: Cast, { name, provider, receivingAccount, live, currencies }: ChannelInWorld) {
  const [currency = 'EUR'] = currencies;
  const minor = 7n * 10n ** BigInt(exponentOf(currency));
  const amount = fromMinor(minor, currency);
  const id = `${PAYMENT_PREFIX[provider]}FOREIGN1`;
  const payment = { id, reference: undefined, amount, currency, account: receivingAccount, live };
  await cast.bank.call('lose', { channel: name, payment });
  return { currency, minor, named: false };
}

async function describeStatement({ operator }: Scenery, channel: ChannelInWorld): Promise<void> {
  const rate = `0.00${FEE_PER_MILLE}`;
  const fees = channel.currencies.map((currency) => ({ currency, rate, decimals: exponentOf(currency) }));
  const body: Body = { file: STATEMENT_MAPPING, rules: { time_zone: 'UTC', fees } };
  const answer = await operator.put(`/admin/reconciliation/mappings/${channel.name}`, body);
  expectOk(answer, `the mapping of ${channel.name}`);
}

const printed = z.object({
  duplicate: z.boolean(),
  run: z.object({
    status: z.string(),
    differences: z.number(),
    totals: z.array(z.object({ class: z.string(), count: z.number() })),
    reasons: z.array(z.object({ reason: z.string() })),
  }),
});

interface Reading {
  readonly duplicate: boolean;
  readonly found: Readonly<Record<string, number>>;
  readonly disagreements: readonly string[];
}

/** Runs `quittance reconcile`, and compares what it found with what whoever wrote the file says is in it. */
async function reconcile(cast: Cast, channel: ChannelInWorld, day: Date, written: WrittenStatement): Promise<Reading> {
  const date = day.toISOString().slice(0, 10);
  const file = join(dirname(cast.dataDir), `${channel.name}-${date}.csv`);
  writeFileSync(file, written.file);
  const args = ['reconcile', '--channel', channel.name, '--date', date, '--json', file];
  const { code, output } = await runCommand(cast.dataDir, args);
  const read = readPrinted(output);
  if (read === undefined)
    return { duplicate: false, found: {}, disagreements: [`reconciling ${date}: ${output.trim()}`] };
  const found = countsOf(read.run.totals);
  const classes = [...new Set([...Object.keys(found), ...Object.keys(written.plan)])].sort();
  const expectedCode = read.run.differences > 0 ? 2 : 0;
  return {
    duplicate: read.duplicate,
    found,
    disagreements: [
      ...read.run.reasons.map(({ reason }) => `the statement of ${date} was quarantined: ${reason}`),
      ...classes.flatMap((name) => {
        const [is, should] = [found[name] ?? 0, written.plan[name] ?? 0];
        return is === should ? [] : [`the statement of ${date} has ${is} ${name}, expected ${should}`];
      }),
      ...(code === expectedCode ? [] : [`"quittance reconcile" exited with ${code}, expected ${expectedCode}`]),
    ],
  };
}

function readPrinted(output: string): z.infer<typeof printed> | undefined {
  try {
    return printed.parse(JSON.parse(output));
  } catch {
    return undefined;
  }
}

function countsOf(totals: readonly { readonly class: string; readonly count: number }[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const total of totals) found[total.class] = (found[total.class] ?? 0) + total.count;
  return found;
}
