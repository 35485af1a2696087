import { Client } from 'pg';
import type { SchemaName, Statement, Tx } from '../../src/consistency/transaction';

interface PlanNode {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
}

/**
 * How many pages the statements of a read touch, in memory or on disk, as the service's own sessions plan them: by index, and with a
 * plan that knows no values. It depends on the data alone, not on the machine.
 * @param read is called with a transaction that notes its statements and gives no rows
 */
export async function pagesRead<S extends SchemaName>(
  url: string,
  read: (tx: Tx<S>) => Promise<unknown>,
): Promise<number> {
  const asked: { readonly text: string; readonly values: readonly unknown[] }[] = [];
  const noting = {
    query: ({ text }: Statement, values: readonly unknown[] = []) => {
      asked.push({ text, values });
      return Promise.resolve([]);
    },
  };
  await read(noting as unknown as Tx<S>);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      'set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan',
    );
    let pages = 0;
    for (const [index, { text, values }] of asked.entries()) {
      await client.query(`prepare noted_${index} as ${text}`);
      const literals = values.map((value) => client.escapeLiteral(String(value))).join(', ');
      const explain = `explain (analyze, buffers, format json) execute noted_${index} (${literals})`;
      // The first run finds catalogs and hints that nobody has looked at yet.
      await client.query(explain);
      const { rows } = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(explain);
      const plan = rows[0]!['QUERY PLAN'][0]!.Plan;
      pages += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
    }
    return pages;
  } finally {
    await client.end();
  }
}
