import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { type AuditReport, formatAudit, runAudit } from '../src/audit/run-audit';
import { statement } from '../src/consistency/transaction';
import type { BankAnswers, BankPayment, BankQuestion } from './bank-calls';
import { type Helper, startHelper } from './child';
import type { MerchantAnswers, MerchantQuestion } from './merchant-calls';
import { type Seed, createSeed } from './seed';
import { type BenchService, startService } from './service';
import type { BenchDatabase, Stage } from './stage';

/** Everything that one run needs: the service on a database of its own, a bank that calls and merchants that are told. */
export interface Scene {
  readonly database: BenchDatabase;
  /** The processes of the service; most runs have one. */
  readonly services: readonly BenchService[];
  readonly bank: Helper<BankQuestion, BankAnswers>;
  readonly merchant: Helper<MerchantQuestion, MerchantAnswers>;
  readonly seed: Seed;
  /** Where the merchants' server listens; see merchant.ts for what its paths do. */
  readonly merchantUrl: string;
  /** The secret of the bank and of every endpoint. */
  readonly secret: string;
  readonly postgresPid: number;
  /** Has the bank sign a callback for each payment, so that what can be made before is made before. */
  sign(payments: readonly BankPayment[]): Promise<void>;
}

export interface SceneOptions {
  /** How many processes of the service; 1. */
  readonly processes?: number;
  /** What the service's environment has besides. */
  readonly env?: Readonly<Record<string, string>>;
}

const WITHIN_MS = 300_000;
export const CHANNEL = 'bench-bank';
const ACCOUNT = 'BENCH01';

/**
 * One run on a database of its own. `prepare` opens merchants and orders before the service starts, `work` measures; then
 * the service is stopped as an operator would, and the audit has to find nothing.
 * @throws Error where the audit finds a violation: such a run has no figure
 */
export async function onScene<Prepared, Result>(
  stage: Stage,
  { processes = 1, env = {} }: SceneOptions,
  prepare: (scene: Omit<Scene, 'services'>) => Promise<Prepared>,
  work: (scene: Scene, prepared: Prepared) => Promise<Result>,
): Promise<Result> {
  const bank = startHelper<BankQuestion, BankAnswers>('bank.ts');
  const merchant = startHelper<MerchantQuestion, MerchantAnswers>('merchant.ts');
  const stopHelpers = (): Promise<unknown> => Promise.all([bank.stop(), merchant.stop()]);
  const database = await stage.database().catch(async (error: unknown) => {
    await stopHelpers();
    throw error;
  });
  const services: BenchService[] = [];
  const stopServices = async (): Promise<void> => {
    await Promise.all(services.splice(0).map((service) => service.stop()));
  };
  try {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const { url: merchantUrl } = await merchant.ask({ kind: 'listen', secret });
    const seed = createSeed(database.pools.databases, database.sealer);
    await seed.channel(CHANNEL, ACCOUNT, secret);
    const parts = {
      ...{ database, bank, merchant, seed, merchantUrl, secret, postgresPid: stage.postgresPid() ?? 0 },
      sign: async (payments: readonly BankPayment[]) => {
        await bank.ask({ kind: 'sign', path: `/callbacks/${CHANNEL}`, secret, receivingAccount: ACCOUNT, payments });
      },
    };
    const prepared = await prepare(parts);
    while (services.length < processes) services.push(await startService({ ...database.env, ...env }));
    const result = await work({ ...parts, services: [...services] }, prepared);
    await stopServices();
    await mustBeSound(database);
    return result;
  } finally {
    await stopServices();
    await stopHelpers();
    await database.close();
  }
}

export interface Settled {
  readonly acknowledgedPerSecond: number;
  /** Everything done: credited, booked, and the merchant told. */
  readonly settledPerSecond: number;
  /** Of the answer, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly tryAgain: number;
}

/**
 * Lets the bank call for so many payments, each caller with its next as soon as it has an answer, until everything is done
 * and every merchant told.
 * @throws Error where a payment was lost
 */
export async function settleAll(scene: Scene, payments: readonly BankPayment[], callers: number): Promise<Settled> {
  await scene.sign(payments);
  return settleSigned(scene, payments.length, callers);
}

/** The same for the callbacks that the bank has signed last. */
export async function settleSigned(scene: Scene, payments: number, callers: number): Promise<Settled> {
  const { bank, merchant, services } = scene;
  await merchant.ask({ kind: 'forget' });
  const startedAt = performance.now();
  const telling = merchant.ask({ kind: 'await', count: payments, withinMs: WITHIN_MS });
  const called = await bank.ask({ kind: 'call', ports: services.map(({ port }) => port), callers });
  const told = await telling;
  await everythingDone(scene.database);
  const elapsedMs = performance.now() - startedAt;
  if (called.refused > 0) throw new Error(`${called.refused} genuine callbacks were refused`);
  mustHaveBeenTold(told, payments);
  return {
    acknowledgedPerSecond: (called.acknowledged * 1_000) / called.elapsedMs,
    settledPerSecond: (payments * 1_000) / elapsedMs,
    ...{ p50: called.p50, p95: called.p95, p99: called.p99, tryAgain: called.tryAgain },
  };
}

/** Settles what is not counted; nothing where there is none. */
export async function warmUp(scene: Scene, payments: readonly BankPayment[], callers: number): Promise<void> {
  if (payments.length > 0) await settleAll(scene, payments, callers);
}

/** @throws Error where a merchant was not told, or told with a wrong signature */
export function mustHaveBeenTold(told: MerchantAnswers['await'], payments: number): void {
  if (told.distinct !== payments)
    throw new Error(`the merchants were told of ${told.distinct} of ${payments} payments`);
  if (told.forged > 0) throw new Error(`${told.forged} notifications had a wrong signature`);
}

const UNFINISHED = statement(
  'bench.unfinished',
  `select exists (select from orders.global_transactions
                   where next_try_at is not null and status in ('trying', 'confirming', 'cancelling'))
       or exists (select from orders.outbox where status = 'due') as unfinished,
          exists (select from orders.notifications where status = 'scheduled') as untold`,
);

/**
 * The merchants have heard everything before the last results are recorded and the last voucher is posted.
 * @throws Error where that takes longer than five minutes
 */
export async function everythingDone({ pools }: BenchDatabase, { andTold = true } = {}): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  while (performance.now() < deadline) {
    const [row] = await pools.databases.orders.query<{ unfinished: boolean; untold: boolean }>(UNFINISHED);
    if (row?.unfinished === false && !(andTold && row.untold)) return;
    await wait(20);
  }
  throw new Error('not everything was done in time');
}

async function mustBeSound({ pools, sealer }: BenchDatabase): Promise<void> {
  const report: AuditReport = await runAudit({ databases: pools.databases, sealer });
  if (!report.ok) throw new Error(`the audit found violations, so there is no figure\n${formatAudit(report)}`);
}
