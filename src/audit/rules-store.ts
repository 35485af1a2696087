import { contentHash } from '../core/canonical';
import { type Queryable, type Tx, statement } from '../consistency/transaction';
import { type Check, SUSPECTS } from './check';
import { type Finding, type GuaranteeNumber, LISTED, type Tally } from './report';

/**
 * A rule that the data of one schema can show by itself: a query that gives a row per violation, with its `key` and its
 * `facts`. In one snapshot nothing is in flight, so what such a query finds is wrong at once.
 */
export interface Rule {
  readonly guarantee: GuaranteeNumber;
  readonly what: string;
  /** Counts the rows that the rule speaks of: `select count(*) ...`. Left out where another rule has counted them. */
  readonly rows?: string;
  /** `select ... as key, jsonb_build_object(...) as facts ...` */
  readonly violations: string;
  readonly values?: readonly unknown[];
}

interface Row {
  readonly key: string;
  readonly facts: Record<string, unknown>;
  readonly total: string;
}

const ALLOW_LONG = statement('audit.allow_long', `select set_config('statement_timeout', '600s', true)`);

/** A snapshot's statements read whole tables: they may take longer than those of a payment. */
export async function allowLong(tx: Tx): Promise<void> {
  await tx.query(ALLOW_LONG);
}

/** Checks rules one after the other on one snapshot. */
export async function checkRules(tx: Tx, rules: readonly Rule[], tally: Tally): Promise<void> {
  for (const rule of rules) {
    const { count, findings } = await violationsOf(tx, rule, LISTED);
    tally.add(rule.guarantee, { checked: await rowsOf(tx, rule), count, findings });
  }
}

/** A rule about the present: what it finds may end well meanwhile. */
export function patientRule(db: Queryable, rule: Rule): Check {
  return {
    guarantee: rule.guarantee,
    look: async () => {
      const { count, findings } = await violationsOf(db, rule, SUSPECTS);
      return { checked: await rowsOf(db, rule), findings, unlisted: count - findings.length };
    },
    again: async (keys) => {
      const suspects = new Set(keys);
      const { findings } = await violationsOf(db, rule, SUSPECTS * 2);
      return findings.filter((finding) => suspects.has(finding.key));
    },
  };
}

async function violationsOf(
  db: Queryable,
  { what, violations, values = [] }: Rule,
  limit: number,
): Promise<{ count: number; findings: Finding[] }> {
  const text = `select v.key::text, v.facts, count(*) over () as total from (${violations}) v order by v.key limit ${limit}`;
  const rows = await db.query<Row>(statement(nameOf(text), text), values);
  const findings = rows.map(({ key, facts }) => ({ key, what, facts: asStrings(facts) }));
  return { count: Number(rows[0]?.total ?? 0), findings };
}

async function rowsOf(db: Queryable, { rows }: Rule): Promise<number> {
  if (rows === undefined) return 0;
  const [row] = await db.query<{ count: string }>(statement(nameOf(rows), rows));
  return Number(row?.count ?? 0);
}

/** Two rules have two texts, and a prepared statement's name belongs to one. */
function nameOf(text: string): string {
  return `audit.rule.${contentHash(text).slice(0, 16)}`;
}

function asStrings(facts: Record<string, unknown>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => {
      if (fact === null || typeof fact === 'string') return [name, fact];
      return [name, JSON.stringify(fact)];
    }),
  );
}
