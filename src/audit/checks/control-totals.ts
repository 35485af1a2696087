import { Exact } from '../../core/money';
import { CONTROL_ACCOUNTS } from '../../accounting/chart';
import type { Databases } from '../../consistency/transaction';
import type { Check } from '../check';
import { controlTotalsStore } from '../control-totals-store';
import type { Finding } from '../report';

/**
 * Guarantee 6, in totals: the control accounts in the books equal the fund accounts, party by party, and so their sums.
 * Totals of databases that move say nothing, so this speaks only where nothing was under way before and nothing has happened after; on a busy
 * system the comparison by transaction stands alone.
 */
export function controlTotals(databases: Databases): Check {
  const compare = async (): Promise<{ checked: number; findings: Finding[] }> => {
    const before = await controlTotalsStore.activity(databases.orders);
    if (!before.quiet) return { checked: 0, findings: [] };
    const totals = await readTotals(databases);
    const after = await controlTotalsStore.activity(databases.orders);
    if (!after.quiet || after.decided !== before.decided) return { checked: 0, findings: [] };
    const findings = [...totals].flatMap(([key, { funds, books }]): Finding[] =>
      funds.eq(books)
        ? []
        : [
            {
              key,
              what: 'a party of a control account does not have the balance of its fund account',
              facts: { funds: funds.toFixed(), books: books.toFixed() },
            },
          ],
    );
    return { checked: totals.size, findings };
  };
  return {
    guarantee: 6,
    look: async () => ({ ...(await compare()), unlisted: 0 }),
    again: async (keys) => (await compare()).findings.filter((finding) => keys.includes(finding.key)),
  };
}

interface Totals {
  readonly funds: Exact;
  readonly books: Exact;
}

const NOTHING: Totals = { funds: new Exact(0), books: new Exact(0) };

async function readTotals(databases: Databases): Promise<ReadonlyMap<string, Totals>> {
  const funds = await controlTotalsStore.funds(databases.accounts);
  const books = await controlTotalsStore.books(databases.accounting, Object.values(CONTROL_ACCOUNTS));
  const controls = new Map<string, string>(Object.entries(CONTROL_ACCOUNTS));
  const totals = new Map<string, Totals>();
  for (const { kind, party, currency, total } of funds) {
    const key = `${controls.get(kind) ?? kind} ${party} ${currency}`;
    totals.set(key, { ...(totals.get(key) ?? NOTHING), funds: new Exact(total) });
  }
  for (const { account, party, currency, total } of books) {
    const key = `${account} ${party} ${currency}`;
    totals.set(key, { ...(totals.get(key) ?? NOTHING), books: new Exact(total) });
  }
  return totals;
}
