import { createWriteStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { JOURNAL_FORMATS, type JournalFormatName, exportJournal } from '../accounting/export/export-journal';
import { type ChainReport, verifyChain } from '../accounting/verify-chain';
import { loadAuditConfig, loadDatabaseConfig } from '../config';
import { createSealer } from '../core/sealing';
import { openDatabases } from '../database/open';
import { Problem } from '../core/errors';
import { group } from './commands';
import type { Output } from './output';
import { AUDIT_POOLS, type SeenHead, readHead } from './audit-options';

interface ExportOptions {
  readonly format: string;
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
}

/** The journal, straight from its database: an accountant needs no running service for it. */
export function addJournalCommands(program: Command, output: Output): void {
  const journal = group(program, 'journal', 'the journal of the books, read from the database itself');
  journal
    .command('verify')
    .description("recompute the books' hash chain and name its first broken link; exits with 1 where it is broken")
    .option('--json', 'print one JSON object')
    .option('--seen-head <number:hash>', 'a head from the log; the chain must still lead through it', readHead)
    .action((options: { json?: boolean; seenHead?: SeenHead }) => verify(output, options));
  journal
    .command('export')
    .description('write the journal for hledger, for beancount or as CSV')
    .requiredOption('--format <format>', `one of ${Object.keys(JOURNAL_FORMATS).join(', ')}`)
    .option('--from <time>', 'the beginning, included: a date or a time in RFC 3339')
    .option('--to <time>', 'the end, not included')
    .option('--out <file>', 'write to this file and not to the terminal')
    .action(exportTo);
}

async function verify(output: Output, options: { json?: boolean; seenHead?: SeenHead }): Promise<void> {
  const config = loadAuditConfig();
  const opened = await openDatabases(config, { embedded: 'shared', migrate: false, pools: AUDIT_POOLS });
  try {
    const seen = options.seenHead === undefined ? {} : { seen: options.seenHead };
    const report = await verifyChain(opened.databases.accounting, createSealer(config.masterKeys), seen);
    output.line(options.json === true ? JSON.stringify(toJson(report)) : describe(report));
    if (report.broken !== undefined) process.exitCode = 1;
  } finally {
    await opened.close();
  }
}

function toJson({ broken, head, ...counts }: ChainReport): object {
  return { ok: broken === undefined, ...counts, head: head ?? null, broken: broken ?? null };
}

function describe({ links, vouchers, checkpoints, head, broken }: ChainReport): string {
  const sound = `${vouchers} vouchers in ${links} links and ${checkpoints} checkpoints`;
  if (broken === undefined) {
    return `The books hold: ${sound}${head === undefined ? '' : `, head ${head.number}:${head.hash}`}.`;
  }
  const where = broken.link === null ? 'under no link' : `at link ${broken.link}`;
  return `The books are BROKEN ${where}: ${broken.reason}. Sound before it: ${sound}.`;
}

async function exportTo({ format, from, to, out }: ExportOptions): Promise<void> {
  if (!isFormat(format)) {
    throw new Error(`--format is "${format}"; expected one of ${Object.keys(JOURNAL_FORMATS).join(', ')}`);
  }
  const period = { from: readPeriod('--from', from), to: readPeriod('--to', to) };
  const opened = await openDatabases(loadDatabaseConfig(), { embedded: 'shared', migrate: false, pools: AUDIT_POOLS });
  try {
    await write(exportJournal(opened.databases.accounting, format, period), out);
  } catch (error) {
    throw error instanceof Problem ? new Error(error.detail, { cause: error }) : error;
  } finally {
    await opened.close();
  }
}

/** A pipe whose reader has gone away ends the export quietly. */
async function write(pieces: AsyncGenerator<string>, out: string | undefined): Promise<void> {
  const target: Writable = out === undefined ? process.stdout : createWriteStream(out);
  try {
    await pipeline(Readable.from(pieces), target, { end: out !== undefined });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

function isFormat(text: string): text is JournalFormatName {
  return Object.hasOwn(JOURNAL_FORMATS, text);
}

/** A date stands for its first instant in UTC; what else is given must be a time as PostgreSQL reads it without doubt. */
function readPeriod(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return `${text}T00:00:00Z`;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return text;
  throw new Error(`${option} is "${text}"; expected a date or a time in RFC 3339, such as 2026-11-01`);
}
