import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { type AuditReport, formatAudit, runAudit } from '../src/audit/run-audit';
import { statement } from '../src/consistency/transaction';
import type { BankAnswer, BankPayment, BankQuestion } from './bank-calls';
import { type Helper, startHelper } from './child';
import type { MerchantAnswer, MerchantQuestion } from './merchant-calls';
import type { Backend, BenchOptions, Spread } from './options';
import { type StatementCost, beginProfile, readProfile } from './profile';
import { createSeed } from './seed';
import { type BenchService, startService } from './service';
import type { BenchDatabase, Stage } from './stage';
import { type Usage, usageOf } from './usage';

export interface Measured {
  readonly backend: Backend;
  readonly spread: Spread;
  readonly payments: number;
  readonly acknowledgedPerSecond: number;
  /** Everything done: credited, booked, and the merchant told. */
  readonly settledPerSecond: number;
  /** Of the answer, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly tryAgain: number;
  readonly cpu: readonly { readonly who: string; readonly perPaymentMs: number; readonly memoryMb: number }[];
  readonly audit: 'sound';
  /** What the statements cost, where that was asked for. */
  readonly profile: readonly StatementCost[];
}

const WITHIN_MS = 300_000;
const CHANNEL = 'bench-bank';
const ACCOUNT = 'BENCH01';

interface Parts {
  readonly database: BenchDatabase;
  readonly service: BenchService;
  readonly bank: Helper<BankQuestion, BankAnswer>;
  readonly merchant: Helper<MerchantQuestion, MerchantAnswer>;
  readonly secret: string;
  readonly callers: number;
  readonly postgresPid: number;
}

/**
 * One run on a database of its own: sets up merchants and orders, warms up, then lets the bank call and waits until
 * everything is done and every merchant told.
 * @throws Error where a payment was lost or the audit finds a violation: such a run has no figure
 */
export async function measure(
  stage: Stage,
  options: BenchOptions,
  run: { readonly backend: Backend; readonly spread: Spread; readonly redisUrl: string | undefined },
): Promise<Measured> {
  const database = await stage.database();
  const bank = startHelper<BankQuestion, BankAnswer>('bank.ts');
  const merchant = startHelper<MerchantQuestion, MerchantAnswer>('merchant.ts');
  let service: BenchService | undefined;
  try {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const { url } = await merchant.ask({ kind: 'listen', secret });
    const seed = createSeed(database.pools.databases, database.sealer);
    await seed.channel(CHANNEL, ACCOUNT, secret);
    const merchants = await seed.merchants(run.spread === 'hot' ? 1 : options.merchants, url, secret);
    const warmUp = await seed.orders(options.warmUp, merchants);
    const payments = await seed.orders(options.payments, merchants);
    service = await startService({
      ...database.env,
      QUEUE_EVERYTHING: String(options.throughQueue),
      ...(run.redisUrl === undefined ? {} : { REDIS_URL: run.redisUrl }),
    });
    const postgresPid = stage.postgresPid() ?? 0;
    const parts = { database, service, bank, merchant, secret, callers: options.callers, postgresPid };
    if (warmUp.length > 0) await settleAll(parts, warmUp);
    const { orders } = database.pools.databases;
    if (options.profile) await beginProfile(orders);
    const measured = await settleAll(parts, payments);
    const profile = options.profile ? await readProfile(orders) : [];
    await service.stop();
    await mustBeSound(database);
    return {
      backend: run.backend,
      spread: run.spread,
      payments: payments.length,
      ...measured,
      profile,
      audit: 'sound',
    };
  } finally {
    await service?.stop();
    await Promise.all([bank.stop(), merchant.stop()]);
    await database.close();
  }
}

async function settleAll(
  parts: Parts,
  payments: readonly BankPayment[],
): Promise<Omit<Measured, 'backend' | 'spread' | 'payments' | 'profile' | 'audit'>> {
  const { bank, merchant, service, secret, callers } = parts;
  await merchant.ask({ kind: 'forget' });
  await bank.ask({ kind: 'sign', path: `/callbacks/${CHANNEL}`, secret, receivingAccount: ACCOUNT, payments });
  const before = usages(parts);
  const startedAt = performance.now();
  const telling = merchant.ask({ kind: 'await', count: payments.length, withinMs: WITHIN_MS });
  const called = await bank.ask({ kind: 'call', port: service.port, callers });
  const told = await telling;
  await everythingDone(parts.database);
  const elapsedMs = performance.now() - startedAt;
  requireAll(called, told, payments.length);
  return {
    acknowledgedPerSecond: (called.acknowledged * 1_000) / called.elapsedMs,
    settledPerSecond: (payments.length * 1_000) / elapsedMs,
    p50: called.p50,
    p95: called.p95,
    p99: called.p99,
    tryAgain: called.tryAgain,
    cpu: used(before, usages(parts), payments.length),
  };
}

function requireAll(called: BankAnswer, told: MerchantAnswer, payments: number): void {
  if (called.refused > 0) throw new Error(`${called.refused} genuine callbacks were refused`);
  if (told.distinct !== payments)
    throw new Error(`the merchants were told of ${told.distinct} of ${payments} payments`);
  if (told.forged > 0) throw new Error(`${told.forged} notifications had a wrong signature`);
}

const UNFINISHED = statement(
  'bench.unfinished',
  `select exists (select from orders.global_transactions where status in ('trying', 'confirming', 'cancelling'))
       or exists (select from orders.outbox where status = 'due')
       or exists (select from orders.notifications where status = 'scheduled') as unfinished`,
);

/** The merchants have heard everything before the last results are recorded and the last voucher is posted. */
async function everythingDone({ pools }: BenchDatabase): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  while (performance.now() < deadline) {
    const [row] = await pools.databases.orders.query<{ unfinished: boolean }>(UNFINISHED);
    if (row?.unfinished === false) return;
    await wait(20);
  }
  throw new Error('not everything was done in time');
}

async function mustBeSound({ pools, sealer }: BenchDatabase): Promise<void> {
  const report: AuditReport = await runAudit({ databases: pools.databases, sealer });
  if (!report.ok) throw new Error(`the audit found violations, so there is no figure\n${formatAudit(report)}`);
}

function usages({ service, bank, merchant, postgresPid }: Parts): readonly (readonly [string, Usage | undefined])[] {
  return [
    ['service', usageOf(service.pid)],
    ['postgres', usageOf(postgresPid, { withChildren: true })],
    ['bank', usageOf(bank.pid)],
    ['merchant', usageOf(merchant.pid)],
  ];
}

function used(
  before: readonly (readonly [string, Usage | undefined])[],
  after: readonly (readonly [string, Usage | undefined])[],
  payments: number,
): Measured['cpu'] {
  return after.flatMap(([who, now], index) => {
    const then = before[index]?.[1];
    if (now === undefined || then === undefined) return [];
    const perPaymentMs = ((now.cpuSeconds - then.cpuSeconds) * 1_000) / payments;
    return [{ who, perPaymentMs, memoryMb: now.memoryMb }];
  });
}
