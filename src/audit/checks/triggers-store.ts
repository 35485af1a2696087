import type { SchemaName } from '../../consistency/transaction';
import type { Rule } from '../rules-store';

/** Before a statement, for DELETE, UPDATE and TRUNCATE: bits 2, 8, 16 and 32 of pg_trigger.tgtype. */
const REFUSES_EVERY_CHANGE = 58;
/** After a statement, for INSERT. */
const CHECKS_EVERY_INSERT = 4;

const APPEND_ONLY: Readonly<Partial<Record<SchemaName, readonly string[]>>> = {
  orders: ['incident_events', 'operator_actions'],
  accounts: ['entries'],
  points: ['entries'],
  accounting: [
    ...['ledger_accounts', 'links', 'vouchers', 'postings'],
    ...['checkpoints', 'checkpoint_totals', 'checkpoint_balances'],
  ],
};

/** What is held to its parents as it is inserted, instead of by foreign keys. */
const HELD_TO_PARENTS: Readonly<Record<SchemaName, readonly string[]>> = {
  orders: ['receipts', 'inbox_events', 'global_transactions', 'notifications', 'notification_attempts'],
  accounts: ['entries'],
  points: ['entries'],
  accounting: ['vouchers'],
};

/** The parents, which are never deleted. */
const KEPT: Readonly<Partial<Record<SchemaName, readonly string[]>>> = {
  orders: ['merchants', 'channels', 'orders', 'receipts', 'notification_endpoints', 'notifications'],
  accounts: ['accounts'],
  points: ['accounts'],
};

/** The triggers by which the database itself refuses changes are there, enabled, and still refuse. */
export function triggerRules(schema: SchemaName): readonly Rule[] {
  const refusesChange = { schema, type: REFUSES_EVERY_CHANGE };
  const checksInsert = { schema, type: CHECKS_EVERY_INSERT };
  const triggers = [
    ...(APPEND_ONLY[schema] ?? []).map((table) => ({
      ...refusesChange,
      ...{ table, trigger: `${table}_append_only`, calls: 'refuse_change' },
    })),
    ...(KEPT[schema] ?? []).map((table) => ({
      ...refusesChange,
      ...{ table, trigger: `${table}_kept`, calls: 'refuse_loss' },
    })),
    ...HELD_TO_PARENTS[schema].map((table) => ({
      ...checksInsert,
      ...{ table, trigger: `${table}_references`, calls: `refuse_orphan_${table}` },
    })),
    ...(schema === 'accounting'
      ? [{ ...checksInsert, table: 'postings', trigger: 'postings_balance', calls: 'refuse_unbalanced' }]
      : []),
  ];
  return [...triggers.map(triggerRule), ...triggers.map(partitionRule)];
}

interface Wanted {
  readonly schema: string;
  readonly table: string;
  readonly trigger: string;
  readonly type: number;
  readonly calls: string;
}

function triggerRule({ schema, table, trigger, type, calls }: Wanted): Rule {
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

/** Whoever names a partition of the table itself meets the same: triggers of statements are not inherited. */
function partitionRule({ schema, table, trigger, type, calls }: Wanted): Rule {
  return {
    guarantee: 7,
    what: 'a trigger that refuses changes is missing, disabled or other than it was made',
    values: [`${schema}.${table}`, trigger, type, calls],
    violations: `
      select p.relid::text || ' ' || $2::text as key, '{}'::jsonb as facts
        from pg_partition_tree($1::text::regclass) p
       where p.isleaf and p.relid <> $1::text::regclass and not exists (
         select 1 from pg_trigger t join pg_proc f on f.oid = t.tgfoid
          where t.tgrelid = p.relid and t.tgname = $2 and t.tgenabled in ('O', 'A') and t.tgtype = $3::int
            and f.proname = $4 and f.prosrc ilike '%raise exception%')`,
  };
}
