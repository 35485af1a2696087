import type { SchemaName } from '../../consistency/transaction';
import type { Rule } from '../rules-store';

/** Before a statement, for DELETE, UPDATE and TRUNCATE: bits 2, 8, 16 and 32 of pg_trigger.tgtype. */
const REFUSES_EVERY_CHANGE = 58;
/** After a statement, for INSERT. */
const CHECKS_EVERY_INSERT = 4;

const TABLES: Readonly<Partial<Record<SchemaName, readonly string[]>>> = {
  orders: ['incident_events', 'operator_actions'],
  accounts: ['entries'],
  points: ['entries'],
  accounting: [
    ...['ledger_accounts', 'links', 'vouchers', 'postings'],
    ...['checkpoints', 'checkpoint_totals', 'checkpoint_balances'],
  ],
};

/** The triggers by which the database itself refuses changes are there, enabled, and still refuse. */
export function triggerRules(schema: SchemaName): readonly Rule[] {
  const appendOnly = (TABLES[schema] ?? []).map((table) =>
    triggerRule({ schema, table, trigger: `${table}_append_only`, type: REFUSES_EVERY_CHANGE, calls: 'refuse_change' }),
  );
  if (schema !== 'accounting') return appendOnly;
  const balance = { schema, table: 'postings', trigger: 'postings_balance', type: CHECKS_EVERY_INSERT };
  return [...appendOnly, triggerRule({ ...balance, calls: 'refuse_unbalanced' })];
}

function triggerRule(wanted: { schema: string; table: string; trigger: string; type: number; calls: string }): Rule {
  const { schema, table, trigger, type, calls } = wanted;
  return {
    guarantee: 7,
    what: 'a trigger that refuses changes is missing, disabled or other than it was made',
    rows: 'select 1 as count',
    values: [`${schema}.${table}`, trigger, type, calls],
    violations: `
      select $1::text || ' ' || $2::text as key, '{}'::jsonb as facts
       where not exists (
         select 1 from pg_trigger t join pg_proc p on p.oid = t.tgfoid
          where t.tgrelid = $1::text::regclass and t.tgname = $2 and t.tgenabled in ('O', 'A') and t.tgtype = $3::int
            and p.proname = $4 and p.prosrc ilike '%raise exception%')`,
  };
}
