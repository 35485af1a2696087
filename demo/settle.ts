import { setTimeout as wait } from 'node:timers/promises';
import type { Played } from './acts';
import type { BankBooks } from './bank-calls';
import type { Cast } from './cast';
import { compare, compareMerchants } from './compare';
import { expectationsOf } from './expectations';
import { type Findings, inspect } from './inspect';
import type { MerchantReport } from './merchant-calls';
import { runCommand } from './processes';
import type { Reconciled } from './reconcile';
import type { Scenery } from './setup';
import type { Story, Stray } from './stories';
import { type Outcome, readAudit } from './summary';
import { merchantNamed } from './world';

export interface SettleDependencies {
  readonly cast: Cast;
  readonly scenery: Scenery;
  readonly played: Played;
  readonly strays: readonly Stray[];
  readonly reconciled: Reconciled;
  readonly say: (text: string) => void;
  /** Told what is waited for. */
  readonly note: (text: string) => void;
}

/** How long everything may take to come to agree after the last payment; the crash has to be recovered from as well. */
const AGREE_MS = 35_000;
/** How long the merchants wait to be told, before they ask. */
const TOLD_MS = 8_000;
const LOOK_EVERY_MS = 500;

/** Waits until everything has settled, has the merchants ask for what they were not told, and compares. */
export async function settle(deps: SettleDependencies): Promise<Omit<Outcome, 'rush' | 'seconds' | 'seed'>> {
  const { cast, played, say } = deps;
  const [{ found, bank, disagreements }, report] = await Promise.all([
    untilAgreed(deps),
    untilTold(cast, played.stories),
  ]);
  const { asked, answered } = await askTheRest(deps, report);
  say(`the merchants asked about ${asked} orders of which nobody had told them`);
  const audit = readAudit(await runCommand(cast.dataDir, ['audit', '--json']));
  say('the audit has looked at everything, beside the running service');
  const ofMerchants = compareMerchants(report, answered, played.stories);
  return {
    found,
    bank,
    merchants: report,
    asked,
    audit,
    reconciled: deps.reconciled,
    disagreements: [...bank.wrongAnswers, ...deps.reconciled.disagreements, ...disagreements, ...ofMerchants],
  };
}

async function untilAgreed({
  cast,
  scenery,
  played,
  strays,
  reconciled,
  say,
  note,
}: SettleDependencies): Promise<{ found: Findings; bank: BankBooks; disagreements: readonly string[] }> {
  const deadline = Date.now() + AGREE_MS;
  for (;;) {
    const bank = await cast.bank.call('books', undefined);
    const found = await inspect(scenery);
    const disagreements = compare(
      expectationsOf(played.stories, strays, bank, reconciled.incidents),
      found,
      played.stories,
    );
    if (disagreements.length === 0 || Date.now() > deadline) {
      note('');
      say(disagreements.length === 0 ? 'balances, points and books are what they must be' : 'they do not agree');
      return { found, bank, disagreements };
    }
    note(
      `not yet: ${disagreements[0] ?? ''}${disagreements.length > 1 ? `, and ${disagreements.length - 1} more` : ''}`,
    );
    await wait(LOOK_EVERY_MS);
  }
}

/** Waits for the merchants whose servers can be reached. */
async function untilTold(cast: Cast, stories: readonly Story[]): Promise<MerchantReport> {
  const hopeful = stories.filter(
    ({ order, status }) => status !== 'open' && merchantNamed(order.merchant).behaviour !== 'gone_fishing',
  );
  const deadline = Date.now() + TOLD_MS;
  for (;;) {
    const report = await cast.merchants.call('report', undefined);
    if (hopeful.every(({ id }) => report.states[id] !== undefined) || Date.now() > deadline) return report;
    await wait(LOOK_EVERY_MS);
  }
}

async function askTheRest(
  { cast, scenery, played }: SettleDependencies,
  report: MerchantReport,
): Promise<{ asked: number; answered: Readonly<Record<string, string>> }> {
  const untold = played.stories.filter(({ id, status }) => status !== 'open' && report.states[id] === undefined);
  const { url } = await cast.ready();
  const answered = await cast.merchants.call('ask', {
    url,
    keys: Object.fromEntries([...scenery.merchants].map(([name, { key }]) => [name, key])),
    orders: untold.map(({ id, order }) => ({ id, merchant: order.merchant })),
  });
  return { asked: untold.length, answered };
}
