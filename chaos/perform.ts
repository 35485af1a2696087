import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { SCHEMAS } from '../src/consistency/transaction';
import { createPools } from '../src/database/pools';
import { hasRedis } from '../test/support/redis';
import { createBank } from './bank';
import { describeFault } from './faults';
import { type Finding, type Findings, createFindings } from './findings';
import { judge } from './judge/judge';
import { beginStories } from './load';
import { startMerchantServers } from './merchant-servers';
import { unleash } from './nemesis/nemesis';
import type { ChaosOptions } from './options';
import { type Plan, planChaos } from './plan';
import { untilQuiet } from './quiet';
import { readRecoveries } from './recoveries';
import type { Report } from './report';
import { freezeAccounts, setUp } from './scenery';
import { type Service, startService } from './services';
import { type Stage, setStage } from './stage';
import { type Story, storyOf } from './stories';
import { type Teller, createTeller } from './teller';
import { FROZEN_CUSTOMER, MERCHANTS, channelsFor } from './world';

/** A run shorter than a notification's lease does not wait for what a kill has cut off in the middle of an attempt. */
const WAITS_FOR_MERCHANTS_FROM_SECONDS = 45;

interface Play {
  readonly options: ChaosOptions;
  readonly plan: Plan;
  readonly queue: 'postgres' | 'redis';
  readonly stage: Stage;
  readonly findings: Findings;
  readonly say: (sentence: string) => void;
  /** What must be done in the end, the last first, whatever happens. */
  readonly atEnd: (() => Promise<void> | void)[];
}

/** A run that could not be brought to its verdict; what had been found by then stands. */
export class RunFailed extends Error {
  constructor(
    cause: unknown,
    readonly findings: readonly Finding[],
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Everything from the empty folder to the verdict. @throws RunFailed where the run itself failed, or was interrupted */
export async function perform(options: ChaosOptions, interrupted: AbortSignal): Promise<Report> {
  const plan = planChaos(options);
  const queue = plan.queue === 'redis' && !hasRedis() ? 'postgres' : plan.queue;
  const say = speaker();
  say(`seed ${options.seed}: ${plan.faults.length} faults in ${options.seconds} s, queue on ${queue}`);
  const stage = await setStage({ databases: options.databases, queue });
  say('the servers are there');
  const atEnd: Play['atEnd'] = [];
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = (): void => {
      reject(interrupted.reason as Error);
    };
    if (interrupted.aborted) stop();
    else interrupted.addEventListener('abort', stop);
  });
  const findings = createFindings();
  let keep = options.keep;
  try {
    const report = await Promise.race([play({ options, plan, queue, stage, say, atEnd, findings }), stopped]);
    keep ||= !report.ok;
    return { ...report, folder: keep ? stage.folder : null };
  } catch (error) {
    keep ||= !interrupted.aborted;
    if (keep) say(`logs and data: ${stage.folder}`);
    throw new RunFailed(error, findings.list());
  } finally {
    for (const end of atEnd.reverse()) await end();
    await stage.close(keep);
  }
}

async function play({ options, plan, queue, stage, say, atEnd, findings }: Play): Promise<Omit<Report, 'folder'>> {
  const { seed, seconds } = options;
  const token = randomBytes(24).toString('base64url');
  const env = {
    QUITTANCE_MASTER_KEY: randomBytes(32).toString('base64'),
    QUITTANCE_OPERATOR_TOKEN: token,
    QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: 'true',
    TRANSACTION_DEADLINE_MS: String(plan.deadlineMs),
    ANSWER_BUDGET_MS: String(plan.answerBudgetMs),
    DATABASE_POOL_SIZE: '6',
  };
  const services = await startServices({ options, stage, findings, env, atEnd });
  say(`${services.length} processes are ready`);
  const servers = await startMerchantServers({ findings, awayMs: Math.min(seconds * 500, 20_000) });
  atEnd.push(() => servers.close());
  const bank = createBank(services, findings);
  atEnd.push(() => {
    bank.close();
  });
  const scenery = await setUp({ services, operatorToken: token, bank, servers, findings });
  const teller = createTeller({ scenery, bank, findings });
  await tellEarly(teller, seed);
  await freezeAccounts(scenery);
  say('set up; payments begin');

  const healing = new AbortController();
  // Every fault waits for it.
  setMaxListeners(0, healing.signal);
  atEnd.push(() => {
    healing.abort();
  });
  const field = { stage, services, healed: healing.signal };
  const nemesis = unleash(plan.faults, field, (fault) => {
    say(describeFault(fault));
  });
  await Promise.all([beginStories(teller, seed, seconds, healing.signal), nemesis.done]);
  healing.abort();
  servers.heal();
  say('healed; now everything must come to its end');
  await Promise.all(services.map((service) => readyOrFound(service, findings)));

  // On a machine that has much to do an answer may take its time.
  const pools = createPools(stage.urls, { size: 2, plans: 'by_cost', statementTimeoutMs: 120_000 });
  atEnd.push(() => pools.close());
  const told = seconds >= WAITS_FOR_MERCHANTS_FROM_SECONDS;
  const quietMs = await untilQuiet({
    databases: pools.databases,
    bank,
    teller,
    findings,
    told,
    note: everyFiveSeconds(say),
  });
  say(`quiet after ${(quietMs / 1000).toFixed(1)} s`);
  const known = { scenery, placed: teller.placed(), payments: bank.payments(), servers, findings };
  const verdict = await judge(known, { ...env, ...databaseVariables(stage) }, told);
  await Promise.all(services.map((service) => service.stop()));
  return {
    ok: findings.total() === 0,
    ...{ seed, seconds, processes: options.processes, databases: options.databases, queue, plan },
    orders: teller.placed().length,
    payments: bank.payments().size,
    callbacks: { ...bank.answers() },
    merchants: servers.counts(),
    owed: verdict.owed,
    faults: nemesis.inflicted(),
    starts: services.reduce((sum, service) => sum + service.starts(), 0),
    recoveries: await readRecoveries(pools.databases),
    secondsToQuiet: quietMs / 1000,
    audited: verdict.audited,
    lost: findings.count('lost'),
    doubled: findings.count('doubled'),
    found: findings.total(),
    findings: findings.list(),
  };
}

/** The first makes the tables; the others find them. */
async function startServices({
  options,
  stage,
  findings,
  env,
  atEnd,
}: Pick<Play, 'options' | 'stage' | 'findings' | 'atEnd'> & {
  readonly env: Readonly<Record<string, string>>;
}): Promise<readonly Service[]> {
  const services: Service[] = [];
  for (let number = 1; number <= options.processes; number += 1) {
    const links = await stage.openLinks();
    const service = await startService({
      ...{ links, env, findings },
      name: `service-${number}`,
      logFolder: join(stage.folder, 'logs'),
    });
    atEnd.push(() => {
      service.destroy();
    });
    services.push(service);
    if (number === 1) await service.ready();
  }
  await Promise.all(services.map((service) => service.ready()));
  return services;
}

async function readyOrFound(service: Service, findings: Findings): Promise<void> {
  await service.ready().catch((error: unknown) => {
    findings.add('process', error instanceof Error ? error.message : String(error));
  });
}

/** Payments to accounts that are frozen afterwards: before, they are not there. */
async function tellEarly(teller: Teller, seed: number): Promise<void> {
  const plain: Story = { ...storyOf(seed, -1), scenario: 'plain', splits: [], copies: 1, repeatsAfterMs: [] };
  const early = MERCHANTS.filter((merchant) => merchant.frozen || merchant === MERCHANTS[0]).map((merchant, index) => ({
    ...plain,
    merchant,
    number: -1 - index,
    customer: FROZEN_CUSTOMER,
    channel: channelsFor(merchant.currency)[0]?.name ?? '',
  }));
  await Promise.all(early.map((story) => teller.tell(story, true)));
}

function databaseVariables({ urls }: Stage): Readonly<Record<string, string>> {
  return Object.fromEntries(SCHEMAS.map((schema) => [`${schema.toUpperCase()}_DATABASE_URL`, urls[schema]]));
}

function speaker(): Play['say'] {
  const began = performance.now();
  return (sentence) => {
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${sentence}\n`);
  };
}

function everyFiveSeconds(say: Play['say']): (unfinished: Readonly<Record<string, number>>) => void {
  let last = performance.now();
  return (unfinished) => {
    if (performance.now() - last < 5_000) return;
    last = performance.now();
    say(
      `still open: ${Object.entries(unfinished)
        .map(([what, count]) => `${count} ${what}`)
        .join(', ')}`,
    );
  };
}
