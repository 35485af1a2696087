import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import type { CompareSubLedgers } from './compare-sub-ledgers';
import { showSubLedger } from './show-sub-ledger';
import * as operations from './sub-ledgers-operations';
import type { LineKey } from './sub-ledgers-store';

/** Mounted at /admin. */
export function createSubLedgerRoutes({ compare }: { readonly compare: CompareSubLedgers }): Routes {
  const routes = createRoutes('Books');
  routes.serve(operations.listSubLedgers, async ({ query }) => {
    const page = readPage(query, 'text');
    const lines = await compare(openKey(page.after), rowsToRead(page));
    const { data, next_cursor } = listed(lines, page, showSubLedger, makeKey);
    return { data: [...data], next_cursor };
  });
  return routes;
}

/** Neither a code nor a currency has a space in it; what follows the second one is the party. */
function makeKey({ account, currency, party }: LineKey): string {
  return `${account} ${currency} ${party}`;
}

function openKey(after: string | undefined): LineKey {
  const [account = '', currency = '', ...party] = (after ?? '').split(' ');
  return { account, currency, party: party.join(' ') };
}
