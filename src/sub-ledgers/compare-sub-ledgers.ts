import { type Databases, inTransaction } from '../consistency/transaction';
import { Exact } from '../core/money';
import { type LineKey, type RecentRow, type Sum, subLedgersStore } from './sub-ledgers-store';

/** An account of the books and what it stands for: fund accounts of one kind, or the receipts of channels. */
export interface TiedAccount {
  readonly code: string;
  readonly name: string;
  readonly normalSide: 'debit' | 'credit';
  readonly counterpart: 'merchant' | 'payee' | 'fees' | 'suspense' | 'receipts';
}

/** One line of the books beside what it stands for. Amounts are on the account's normal side. */
export interface SubLedgerLine extends LineKey {
  readonly tied: TiedAccount;
  readonly books: Exact;
  readonly counterpart: Exact;
  /** What of each side belongs to payments that were under way, and is left out of the difference. */
  readonly recentBooks: Exact;
  readonly recentCounterpart: Exact;
  readonly difference: Exact;
}

/** What the comparison takes from the books. */
export interface Books {
  newestLink(): Promise<string>;
  /** Balances through a link, debits and credits, in the order of account, party and currency. */
  balances(
    link: string,
    accounts: readonly string[],
    after: LineKey,
    limit: number,
  ): Promise<readonly (LineKey & { readonly debit: string; readonly credit: string })[]>;
}

export interface SubLedgerDependencies {
  readonly databases: Pick<Databases, 'orders' | 'accounts' | 'accounting'>;
  readonly books: Books;
  readonly tied: readonly TiedAccount[];
}

export type CompareSubLedgers = (after: LineKey, limit: number) => Promise<readonly SubLedgerLine[]>;

/**
 * Payments that were decided since are taken for under way, though most have ended: left out of both sides they say
 * nothing, and so a clock of a process that is off by seconds does no harm.
 */
const RECENT_MS = 30_000;
const LOOKS = 3;
const PAUSE_MS = 500;
const GIDS = 5_000;

/**
 * Compares the books with what they stand for, line by line, while money moves. The databases cannot be read at one moment,
 * so each side is taken without the payments that were under way at any time in between: what they have moved on either
 * side by then is known per payment, and what is left must be equal to the last digit. A difference is looked at again
 * before it is told.
 */
export function createCompareSubLedgers(deps: SubLedgerDependencies): CompareSubLedgers {
  return async (after, limit) => {
    let lines = await look(deps, after, limit);
    for (let looks = 1; looks < LOOKS && lines.some((line) => !line.difference.isZero()); looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      lines = await look(deps, after, limit);
    }
    return lines;
  };
}

async function look(deps: SubLedgerDependencies, after: LineKey, limit: number): Promise<readonly SubLedgerLine[]> {
  const { databases, books, tied } = deps;
  const accounts = tied.map(({ code }) => code);
  const controls = tied.flatMap(({ code, counterpart }) =>
    counterpart === 'receipts' ? [] : [[counterpart, code] as const],
  );
  const receivables = tied.find(({ counterpart }) => counterpart === 'receipts')?.code ?? '';
  const { since, underWay } = await subLedgersStore.begin(databases.orders, RECENT_MS);
  const funds = await subLedgersStore.funds(databases.accounts, controls, after, limit);
  const link = await books.newestLink();
  const booked = await books.balances(link, accounts, after, limit);
  const { recent, receipts, recentReceipts } = await readOrders(databases.orders, since, underWay, receivables);

  const amounts = createAmounts(tied);
  for (const { debit, credit, ...key } of booked) amounts.add(key, 'books', new Exact(debit).minus(credit));
  for (const fund of funds) amounts.add(fund, 'counterpart', amounts.toDebit(fund, fund.balance));
  for (const sum of receipts) if (compareKeys(sum, after) > 0) amounts.add(sum, 'counterpart', new Exact(sum.amount));
  for (const sum of recentReceipts) amounts.add(sum, 'recentCounterpart', new Exact(sum.amount));
  const byId = new Map(funds.map((fund) => [fund.id, fund]));
  for (let start = 0; start < recent.length; start += GIDS) {
    const gids = recent.slice(start, start + GIDS).map((row) => row.gid);
    for (const { id, amount } of await subLedgersStore.entriesOf(databases.accounts, gids, funds)) {
      const fund = byId.get(id);
      if (fund !== undefined) amounts.add(fund, 'recentCounterpart', amounts.toDebit(fund, amount));
    }
    for (const sum of await subLedgersStore.postingsOf(databases.accounting, gids, link, accounts)) {
      amounts.add(sum, 'recentBooks', new Exact(sum.amount));
    }
  }
  return amounts.lines(limit);
}

/** What was under way at the begin or is now, or was decided in between; in one snapshot with the receipts. */
function readOrders(db: Databases['orders'], since: string, underWay: readonly RecentRow[], account: string) {
  return inTransaction(
    db,
    'sub_ledgers.read_orders',
    async (tx) => {
      const rows = [...underWay, ...(await subLedgersStore.recent(tx, since))];
      const recent = [...new Map(rows.map((row) => [row.gid, row])).values()];
      const receipts = account === '' ? [] : await subLedgersStore.receipts(tx, account);
      const recentReceipts: Sum[] = [];
      for (let start = 0; start < recent.length && account !== ''; start += GIDS) {
        const ids = recent.slice(start, start + GIDS).map((row) => row.receipt_id);
        recentReceipts.push(...(await subLedgersStore.receiptsOf(tx, account, ids)));
      }
      return { recent, receipts, recentReceipts };
    },
    'repeatable read',
  );
}

type Part = 'books' | 'counterpart' | 'recentBooks' | 'recentCounterpart';
const PARTS: readonly Part[] = ['books', 'counterpart', 'recentBooks', 'recentCounterpart'];

/** Sums per line, debits positive, until the lines are shown on their accounts' normal sides. */
function createAmounts(tied: readonly TiedAccount[]) {
  const accounts = new Map(tied.map((one) => [one.code, one]));
  const sums = new Map<string, { readonly key: LineKey; readonly parts: Map<Part, Exact> }>();
  const sideOf = (key: LineKey, amount: Exact): Exact =>
    accounts.get(key.account)?.normalSide === 'debit' ? amount : amount.negated();
  const nothing = new Exact(0);
  return {
    /** A fund account's balance is on the normal side of its account of the books. */
    toDebit: (key: LineKey, amount: string): Exact => sideOf(key, new Exact(amount)),
    add: ({ account, party, currency }: LineKey, part: Part, amount: Exact): void => {
      const name = JSON.stringify([account, party, currency]);
      const sum = sums.get(name) ?? { key: { account, party, currency }, parts: new Map<Part, Exact>() };
      sum.parts.set(part, (sum.parts.get(part) ?? nothing).plus(amount));
      sums.set(name, sum);
    },
    /** The first lines that one of the sides has: what is recent only belongs to other lines. */
    lines: (limit: number): SubLedgerLine[] =>
      [...sums.values()]
        .filter(({ parts }) => parts.has('books') || parts.has('counterpart'))
        .sort((a, b) => compareKeys(a.key, b.key))
        .slice(0, limit)
        .flatMap(({ key, parts }) => {
          const account = accounts.get(key.account);
          if (account === undefined) return [];
          const [books, counterpart, recentBooks, recentCounterpart] = PARTS.map((part) =>
            sideOf(key, parts.get(part) ?? nothing),
          ) as [Exact, Exact, Exact, Exact];
          const difference = books.minus(recentBooks).minus(counterpart.minus(recentCounterpart));
          return [{ ...key, tied: account, books, counterpart, recentBooks, recentCounterpart, difference }];
        }),
  };
}

/** By bytes, as the databases order these texts. */
function compareKeys(a: LineKey, b: LineKey): number {
  return compareTexts(a.account, b.account) || compareTexts(a.party, b.party) || compareTexts(a.currency, b.currency);
}

function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
