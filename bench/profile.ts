import type { Database } from '../src/consistency/transaction';
import { statement } from '../src/consistency/transaction';

/** Server settings under which PostgreSQL counts what each statement costs, those of triggers and functions included. */
export const PROFILE_SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_planning': 'on',
} as const;

/** Where the payments' cost in PostgreSQL goes. */
export interface Profile {
  readonly statements: readonly StatementCost[];
  /** What was written, by kind of record in the write-ahead log: an UPDATE that is not HOT writes to every index as well. */
  readonly written: readonly WrittenRecords[];
  /** The same by table and index: how often a page of each was changed. */
  readonly relations: readonly RelationRecords[];
}

/** What one statement has cost since the profile began; a statement inside a trigger is counted in its caller too. */
export interface StatementCost {
  readonly text: string;
  readonly calls: number;
  readonly rows: number;
  readonly executionMs: number;
  readonly planningMs: number;
}

export interface WrittenRecords {
  readonly kind: string;
  readonly records: number;
  readonly bytes: number;
}

export interface RelationRecords {
  readonly relation: string;
  readonly kind: string;
  readonly records: number;
}

const EXTENSIONS = ['pg_stat_statements', 'pg_walinspect'].map((name) =>
  statement(`bench.profile.${name}`, `create extension if not exists ${name}`),
);
const RESET = statement('bench.profile.reset', 'select pg_stat_statements_reset()');
const HERE = statement('bench.profile.here', 'select pg_current_wal_lsn()::text as place');
const STATEMENTS = statement(
  'bench.profile.statements',
  `select regexp_replace(s.query, '\\s+', ' ', 'g') as text, s.calls::int, s.rows::int, s.total_exec_time as "executionMs",
          s.total_plan_time as "planningMs"
     from pg_stat_statements s join pg_database d on d.oid = s.dbid
    where d.datname = current_database()
    order by s.total_exec_time + s.total_plan_time desc limit 40`,
);
const WRITTEN = statement(
  'bench.profile.written',
  `select "resource_manager/record_type" as kind, count::int as records, combined_size::float8 as bytes
     from pg_get_wal_stats($1::text::pg_lsn, pg_current_wal_lsn(), true) where count > 0 order by bytes desc limit 16`,
);
const RELATIONS = statement(
  'bench.profile.relations',
  `select c.oid::regclass::text as relation, lower(b.resource_manager || '/' || b.record_type) as kind, count(*)::int as records
     from pg_get_wal_block_info($1::text::pg_lsn, pg_current_wal_lsn(), false) b
     join pg_class c on pg_relation_filenode(c.oid) = b.relfilenode
    where b.resource_manager in ('Heap', 'Heap2', 'Btree')
    group by 1, 2 order by 3 desc limit 60`,
);

/** Ends with what was done since it began. */
export type EndProfile = () => Promise<Profile>;

export async function beginProfile(db: Database): Promise<EndProfile> {
  for (const extension of EXTENSIONS) await db.query(extension);
  await db.query(RESET);
  const [begun] = await db.query<{ place: string }>(HERE);
  return async () => {
    const statements = await db.query<StatementCost>(STATEMENTS);
    const written = await db.query<WrittenRecords>(WRITTEN, [begun?.place]);
    return { statements, written, relations: await db.query<RelationRecords>(RELATIONS, [begun?.place]) };
  };
}

export function formatProfile({ statements, written, relations }: Profile, payments: number): string {
  const perPayment = (ms: number): string => ((ms * 1_000) / payments).toFixed(1).padStart(8);
  const each = (number: number, digits: number): string => (number / payments).toFixed(digits).padStart(8);
  const lines = statements.map(
    ({ text, calls, rows, executionMs, planningMs }) =>
      `${perPayment(executionMs)}${perPayment(planningMs)}${String(calls).padStart(8)}${String(rows).padStart(9)}  ${text.slice(0, 110)}`,
  );
  return [
    ...['µs exec µs plan   calls     rows  statement (µs per payment)', ...lines, ''],
    ' records   bytes  written to the log, per payment',
    ...written.map(({ kind, records, bytes }) => `${each(records, 2)}${each(bytes, 0)}  ${kind}`),
    '',
    ' records  by table and index, per payment',
    ...relations.map(({ relation, kind, records }) => `${each(records, 2)}  ${relation}  ${kind}`),
    '',
  ].join('\n');
}
