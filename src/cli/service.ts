import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Command } from 'commander';
import { formatAudit, runAudit } from '../audit/run-audit';
import { loadAuditConfig, loadConfig, loadDatabaseConfig } from '../config';
import { createSealer } from '../core/sealing';
import { type OpenDatabases, openDatabases } from '../database/open';
import type * as service from '../main';
import { optimizeSooner } from '../optimize-sooner';
import { AUDIT_POOLS, type SeenHead, readHead } from './audit-options';
import { firstSteps } from './first-steps';
import type { Output } from './output';

/** The verbs that run the service or work on its databases, and are not clients of it. */
export function addServiceCommands(program: Command, output: Output): void {
  program
    .command('start')
    .description('run the service; without DATABASE_URL it brings its own PostgreSQL, with its data in .data')
    .action(async () => {
      const config = loadConfig();
      optimizeSooner();
      await loadService().runService(config, ({ url }) => {
        if (config.urls === undefined) output.line(firstSteps({ url, dataDir: config.dataDir }));
      });
    });
  program
    .command('migrate')
    .description('bring the databases up to date; "start" does so by itself')
    .action(async () => {
      const opened = await openDatabases(loadDatabaseConfig(), { embedded: 'shared', migrate: true });
      output.line(describeMigrations(opened));
      await opened.close();
    });
  program
    .command('audit')
    .description('check every guarantee against the data, on a live system too; exits with 1 on a violation')
    .option('--json', 'print one JSON object')
    .option(
      '--seen-head <number:hash>',
      "a head of the books' chain from the log; the chain must still lead through it",
      readHead,
    )
    .action((options: AuditOptions) => audit(output, options));
  program
    .command('demo')
    .description('run a simulated bank and a simulated merchant against a service of its own')
    .option('--keep', 'leave the service running', false)
    .option('--orders <count>', 'how many orders; 40 is the least', readCount)
    .option('--seed <number>', 'plan the same orders again', readCount)
    .action(async (options: DemoOptions) => {
      process.exitCode = await loadDemo()(options);
    });
}

function describeMigrations({ migrated }: OpenDatabases): string {
  return Object.entries(migrated)
    .map(([schema, names]) => `${schema}: ${names.length === 0 ? 'up to date' : `applied ${names.join(', ')}`}`)
    .join('\n');
}

interface AuditOptions {
  readonly json?: boolean;
  readonly seenHead?: SeenHead;
}

async function audit(output: Output, options: AuditOptions): Promise<void> {
  const config = loadAuditConfig();
  const opened = await openDatabases(config, { embedded: 'shared', migrate: false, pools: AUDIT_POOLS });
  try {
    const report = await runAudit({
      databases: opened.databases,
      sealer: createSealer(config.masterKeys),
      ...(options.seenHead === undefined ? {} : { seenHead: options.seenHead }),
    });
    output.line(options.json === true ? JSON.stringify(report) : formatAudit(report));
    if (!report.ok) process.exitCode = 1;
  } finally {
    await opened.close();
  }
}

interface DemoOptions {
  readonly keep: boolean;
  readonly orders?: number;
  readonly seed?: number;
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`"${text}" is not a whole number from 1 to 999999`);
  return Number(text);
}

const load = createRequire(__filename);

/** The service is most of the program, and a command that asks it something does not need it. */
function loadService(): typeof service {
  return load('../main') as typeof service;
}

/** The demo stands on top of the service and is found beside its sources, so that nothing in here depends on it. */
function loadDemo(): (options: DemoOptions) => Promise<number> {
  const path = join(__dirname, '..', '..', 'demo', 'run-demo');
  return (load(path) as { runDemo: (options: DemoOptions) => Promise<number> }).runDemo;
}
