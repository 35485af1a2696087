import type { Logger } from 'pino';
import { type Database, inTransaction } from '../consistency/transaction';
import type { Jitter } from '../core/backoff';
import { Problem } from '../core/errors';
import type { Ids } from '../core/ids';
import { createRuns } from './advance-runs';
import { type ChannelMapping, type FileMapping, channelMapping, fileMapping, matchingRules } from './mapping-schemas';
import { type MappingRow, mappingsStore } from './mappings-store';
import type { SettleEvent } from './recover-callbacks';
import type { ReportDependencies } from './report-differences';
import type { ReconciledChannel, RunId } from './run';
import { runsStore } from './runs-store';
import { type Staged, stageStatement } from './stage-statement';
import type { ExpectedTotals } from './statement-line';

export interface ReconciliationDependencies extends ReportDependencies {
  /** Connections of its own, whose statements may take minutes: a payment must not wait behind a million lines. */
  readonly db: Database<'orders'>;
  readonly claimsDb: Database<'orders'>;
  readonly ids: Ids;
  readonly jitter: Jitter;
  readonly settle: SettleEvent;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
}

/** A statement as somebody hands it in. */
export interface HandedIn {
  readonly channel: string;
  readonly date: string;
  readonly fileName: string | null;
  /** Instead of the file's part of the channel's mapping, for this run. */
  readonly file?: FileMapping | undefined;
  readonly expected: ExpectedTotals;
  readonly chunks: AsyncIterable<Buffer>;
}

export interface Reconciliation {
  /** Takes a statement in; it is matched by itself afterwards. @throws Problem `not_found`, `no_statement_mapping` */
  handIn(given: HandedIn): Promise<Staged>;
  /** Looks at a channel's pools without a statement. @throws Problem `not_found` */
  examine(channel: string): Promise<RunId>;
  /** Does the same for every channel where something waits. */
  examineAll(): Promise<readonly RunId[]>;
  setMapping(channel: string, mapping: ChannelMapping): Promise<MappingRow>;
  /** @throws Problem `not_found`, `no_statement_mapping` */
  mapping(channel: string): Promise<MappingRow>;
  /** Drives what is due, or only this run. @returns how many runs it took up */
  advance(only?: RunId): Promise<number>;
  drain(): Promise<void>;
}

export function createReconciliation(deps: ReconciliationDependencies): Reconciliation {
  const { db, ids } = deps;
  const runs = createRuns(deps);
  const begin = async (channel: Pick<ReconciledChannel, 'id'>, rules: unknown): Promise<RunId> => {
    const id = ids.next<'statementRun'>();
    const run = { id, channelId: channel.id, kind: 'examination', date: null, fileName: null } as const;
    await inTransaction(db, 'reconciliation.begin_examination', (tx) =>
      runsStore.insert(tx, { ...run, rules: matchingRules.parse(rules) }),
    );
    return id;
  };
  return {
    handIn: async (given) => {
      const channel = await channelNamed(db, given.channel);
      const mapping = await mappingFor(db, channel, given.file);
      return stageStatement(deps, { ...given, channel, mapping });
    },
    examine: async (name) => {
      const channel = await channelNamed(db, name);
      return begin(channel, (await mappingsStore.find(db, channel.id))?.rules ?? {});
    },
    examineAll: async () => {
      const waiting = await mappingsStore.channelsThatWait(db);
      return Promise.all(waiting.map((channel) => begin(channel, channel.rules)));
    },
    setMapping: async (name, mapping) => {
      const channel = await channelNamed(db, name);
      return inTransaction(db, 'reconciliation.set_mapping', (tx) => mappingsStore.set(tx, channel.id, mapping));
    },
    mapping: async (name) => {
      const channel = await channelNamed(db, name);
      const row = await mappingsStore.find(db, channel.id);
      if (row === undefined) throw noMapping(name);
      return row;
    },
    advance: (only) => runs.advance(only),
    drain: () => runs.drain(),
  };
}

async function channelNamed(db: Database<'orders'>, name: string): Promise<ReconciledChannel> {
  const channel = await runsStore.channel(db, name);
  if (channel === undefined) throw new Problem('not_found', 'there is no such channel');
  return channel;
}

async function mappingFor(
  db: Database<'orders'>,
  channel: ReconciledChannel,
  file: FileMapping | undefined,
): Promise<ChannelMapping> {
  const row = await mappingsStore.find(db, channel.id);
  if (row === undefined && file === undefined) throw noMapping(channel.name);
  return channelMapping.parse({ file: file ?? fileMapping.parse(row?.file), rules: row?.rules ?? {} });
}

function noMapping(channel: string): Problem {
  return new Problem(
    'no_statement_mapping',
    `say how the statements of ${channel} are read, for the channel or this run`,
  );
}
