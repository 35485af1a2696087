import { violatedConstraint } from '../consistency/database-errors';
import { createHash } from 'node:crypto';
import { type Database, inTransaction } from '../consistency/transaction';
import type { Ids } from '../core/ids';
import type { Incidents } from '../incidents/incident';
import { linesStore } from './lines-store';
import type { ChannelMapping } from './mapping-schemas';
import { readCsv } from './readers/csv/csv-reader';
import type { ReconciledChannel, RunId } from './run';
import { runsStore } from './runs-store';
import { type ExpectedTotals, type Reason, StatementRefused } from './statement-line';

export interface StageDependencies {
  readonly db: Database<'orders'>;
  readonly ids: Ids;
  readonly incidents: Incidents;
}

export interface GivenStatement {
  readonly channel: ReconciledChannel;
  /** The day that the statement is about: YYYY-MM-DD. */
  readonly date: string;
  readonly fileName: string | null;
  readonly mapping: ChannelMapping;
  readonly expected: ExpectedTotals;
  readonly chunks: AsyncIterable<Buffer>;
}

export type Staged =
  | { readonly kind: 'staged'; readonly run: RunId }
  | { readonly kind: 'quarantined'; readonly run: RunId }
  /** The channel has had this file, byte for byte; the run is the first one's. */
  | { readonly kind: 'duplicate'; readonly run: RunId };

const BATCH = 5_000;
const MOST_LINES = 5_000_000;
export const STATEMENT_LIMIT_BYTES = 512 * 1024 * 1024;

interface Measured {
  readonly chunks: AsyncIterable<Buffer>;
  readonly file: () => { readonly hash: string; readonly bytes: number };
}

/**
 * Takes a statement in: reads and proves it while it arrives, in lists of bounded size, and keeps its lines. Only when the
 * whole file is proved may it be matched; one that is not is quarantined, and none of its lines stays.
 * @throws what the stream throws where it breaks off; the run is then quarantined as incomplete
 */
export async function stageStatement(deps: StageDependencies, given: GivenStatement): Promise<Staged> {
  const { db } = deps;
  const run = deps.ids.next<'statementRun'>();
  const { channel, date, fileName, mapping } = given;
  await inTransaction(db, 'reconciliation.begin_statement', (tx) =>
    runsStore.insert(tx, { id: run, channelId: channel.id, kind: 'statement', date, fileName, rules: mapping.rules }),
  );
  const measured = measure(given.chunks);
  try {
    const lines = await readAll(deps, run, { ...given, chunks: measured.chunks });
    await inTransaction(db, 'reconciliation.stage', async (tx) => {
      if (!(await runsStore.stage(tx, run, { ...measured.file(), lines }))) throw new TakenAway();
    });
    return { kind: 'staged', run };
  } catch (error) {
    if (violatedConstraint(error) === 'statement_runs_file') return duplicateOf(deps, given, run, measured.file().hash);
    if (error instanceof TakenAway) return { kind: 'quarantined', run };
    const refusal = error instanceof StatementRefused ? error : undefined;
    const reasons = refusal?.reasons ?? [{ reason: 'the file broke off before its end' }];
    await quarantine(deps, { run, channel, date, fileName, reasons }, refusal && measured.file());
    if (refusal === undefined) throw error;
    return { kind: 'quarantined', run };
  }
}

/** The run was quarantined by somebody who took this process for dead. */
class TakenAway extends Error {}

async function readAll(deps: StageDependencies, run: RunId, given: GivenStatement): Promise<number> {
  const { mapping, channel } = given;
  const reader = readCsv(given.chunks, {
    mapping: mapping.file,
    timeZone: mapping.rules.time_zone,
    receivingAccount: channel.receiving_account,
    statementDate: given.date,
    expected: given.expected,
    batch: BATCH,
    mostLines: MOST_LINES,
  });
  for (;;) {
    const read = await reader.next();
    if (read.done === true) return read.value;
    await inTransaction(deps.db, 'reconciliation.receive', async (tx) => {
      if (!(await runsStore.receivedMore(tx, run))) throw new TakenAway();
      await linesStore.insert(tx, run, read.value);
    });
  }
}

/** Two uploads of one file may race: the second to end finds the first one's run, and its own was for nothing. */
async function duplicateOf(deps: StageDependencies, given: GivenStatement, run: RunId, hash: string): Promise<Staged> {
  const first = await runsStore.findFile(deps.db, given.channel.id, hash);
  await inTransaction(deps.db, 'reconciliation.forget_duplicate', (tx) => runsStore.forget(tx, run));
  if (first === undefined) throw new Error('the file was there already and its run is not');
  return { kind: 'duplicate', run: first.id };
}

export interface Quarantined {
  readonly run: RunId;
  readonly channel: ReconciledChannel;
  readonly date: string;
  readonly fileName: string | null;
  readonly reasons: readonly Reason[];
}

/** Ends a run whose file cannot be trusted, and tells a person why. Twice is the same as once. */
export async function quarantine(
  { db, incidents }: Pick<StageDependencies, 'db' | 'incidents'>,
  { run, channel, date, fileName, reasons }: Quarantined,
  file?: { readonly hash: string; readonly bytes: number },
): Promise<void> {
  await inTransaction(db, 'reconciliation.quarantine', async (tx) => {
    if (!(await runsStore.quarantine(tx, run, file, reasons))) return;
    const [first] = reasons;
    const where = first?.line === undefined ? '' : `line ${first.line}: `;
    await incidents.report(tx, [
      {
        kind: 'reconciliation_statement_quarantined',
        subject: quarantineSubject(channel, date),
        facts: {
          channel: channel.name,
          statement_date: date,
          file: fileName,
          run: `rcn_${run}`,
          reason: `${where}${first?.reason ?? 'unknown'}`,
        },
      },
    ]);
  });
}

/** A later file of the same day resolves it. */
export function quarantineSubject(channel: ReconciledChannel, date: string): string {
  return `${channel.id}/${date}`;
}

/** Hashes and counts what passes; a file that never ends is refused. */
function measure(chunks: AsyncIterable<Buffer>): Measured {
  const hash = createHash('sha256');
  let bytes = 0;
  let digest: string | undefined;
  async function* passing(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > STATEMENT_LIMIT_BYTES)
        throw new StatementRefused([{ reason: `the file has more than ${STATEMENT_LIMIT_BYTES} bytes` }]);
      hash.update(chunk);
      yield chunk;
    }
  }
  return { chunks: passing(), file: () => ({ hash: (digest ??= hash.digest('hex')), bytes }) };
}
