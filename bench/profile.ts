import type { Database } from '../src/consistency/transaction';
import { statement } from '../src/consistency/transaction';

/** Server settings under which PostgreSQL counts what each statement costs, those of triggers and functions included. */
export const PROFILE_SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_planning': 'on',
} as const;

/** What one statement has cost since the profile began; a statement inside a trigger is counted in its caller too. */
export interface StatementCost {
  readonly text: string;
  readonly calls: number;
  readonly rows: number;
  readonly executionMs: number;
  readonly planningMs: number;
}

const BEGIN = statement('bench.profile.begin', 'create extension if not exists pg_stat_statements');
const RESET = statement('bench.profile.reset', 'select pg_stat_statements_reset()');
const READ = statement(
  'bench.profile.read',
  `select regexp_replace(s.query, '\\s+', ' ', 'g') as text, s.calls::int, s.rows::int, s.total_exec_time as "executionMs",
          s.total_plan_time as "planningMs"
     from pg_stat_statements s join pg_database d on d.oid = s.dbid
    where d.datname = current_database()
    order by s.total_exec_time + s.total_plan_time desc limit 40`,
);

export async function beginProfile(db: Database): Promise<void> {
  await db.query(BEGIN);
  await db.query(RESET);
}

export function readProfile(db: Database): Promise<StatementCost[]> {
  return db.query<StatementCost>(READ);
}

export function formatProfile(costs: readonly StatementCost[], payments: number): string {
  const perPayment = (ms: number): string => ((ms * 1_000) / payments).toFixed(1).padStart(8);
  const lines = costs.map(
    ({ text, calls, rows, executionMs, planningMs }) =>
      `${perPayment(executionMs)}${perPayment(planningMs)}${String(calls).padStart(8)}${String(rows).padStart(9)}  ${text.slice(0, 110)}`,
  );
  return ['µs exec µs plan   calls     rows  statement (µs per payment)', ...lines, ''].join('\n');
}
