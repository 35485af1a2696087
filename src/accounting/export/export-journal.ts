import { addDays, dayOf, lastDayBefore } from '../../core/calendar';
import { exponentOf, isCurrency } from '../../core/currencies';
import { Exact, displayAmount } from '../../core/money';
import { type Database, inTransaction } from '../../consistency/transaction';
import { type BooksPeriod, type BooksPoint, periodOf, timeOf } from '../books-point';
import { type ChainPart, readChain } from '../chain-pages';
import { type LedgerAccountRow, ledgerStore } from '../ledger-store';
import { type PartyKey, type PartySum, pastBalancesStore } from '../past-balances-store';
import { partyBalancesAt } from '../trial-balance';
import { beancountFormat } from './beancount';
import { exportStore } from './export-store';
import { hledgerFormat } from './hledger';
import { csvFormat } from './journal-csv';
import type { ExportHead, ExportedBalance, ExportedVoucher, JournalFormat } from './journal-format';

export const JOURNAL_FORMATS = { hledger: hledgerFormat, beancount: beancountFormat, csv: csvFormat } as const;
export type JournalFormatName = keyof typeof JOURNAL_FORMATS;

type Chart = ReadonlyMap<string, LedgerAccountRow>;

const BALANCES = 2_000;
/** A piece of text is about so long: larger ones are fewer, and none is held for long. */
const PIECE = 64 * 1024;

/**
 * The journal of a period as a text, piece by piece: declarations, opening balances, vouchers, closing balances. Nothing is
 * locked and no snapshot is kept open meanwhile: both ends of the period are links of the chain, and what lies between two
 * links never changes.
 * @throws Problem `invalid_request` for a period that ends before it begins, or in the future
 */
export async function* exportJournal(
  db: Database<'accounting'>,
  format: JournalFormatName,
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
): AsyncGenerator<string, void, undefined> {
  const period = await periodOf(db, query);
  let text = '';
  for await (const part of partsOf(db, JOURNAL_FORMATS[format], period)) {
    text += part;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield text;
}

async function* partsOf(
  db: Database<'accounting'>,
  format: JournalFormat,
  period: BooksPeriod,
): AsyncGenerator<string, void, undefined> {
  const chart: Chart = new Map((await ledgerStore.chart(db)).map((row) => [row.code, row]));
  const head = await readHead(db, chart, period);
  yield format.head(head);
  let open: ExportedBalance[] = [];
  const declare = (): string =>
    open[0] === undefined
      ? ''
      : format.account(
          open[0],
          open.map((one) => one.currency),
        );
  for await (const balance of balancesAt(db, chart, period.to)) {
    const same = open[0]?.code === balance.code && open[0].party === balance.party;
    if (!same) yield declare();
    open = same ? [...open, balance] : [balance];
  }
  yield declare();
  if (period.from !== undefined) yield* openings(db, { chart, format, head }, period.from);
  for await (const part of readChain(db, { after: period.from?.link ?? '0', upTo: period.to.link })) {
    for (const voucher of vouchersOf(part, chart)) yield format.voucher(voucher);
  }
  let first = true;
  for await (const balance of balancesAt(db, chart, period.to)) {
    yield (first ? format.closingHead(head) : '') + format.closing(balance, head);
    first = false;
  }
}

async function* openings(
  db: Database<'accounting'>,
  { chart, format, head }: { chart: Chart; format: JournalFormat; head: ExportHead },
  from: BooksPoint,
): AsyncGenerator<string, void, undefined> {
  let first = true;
  for await (const balance of balancesAt(db, chart, from)) {
    if (new Exact(balance.amount).isZero()) continue;
    yield (first ? format.openingHead(head) : '') + format.opening(balance, head);
    first = false;
  }
}

async function readHead(db: Database<'accounting'>, chart: Chart, period: BooksPeriod): Promise<ExportHead> {
  const channels = [...chart.values()].filter((row) => row.party === 'channel').map((row) => row.code);
  const [currencies, kinds, parties] = await inTransaction(db, 'books.export_head', async (tx) => {
    await pastBalancesStore.allowLong(tx);
    return [
      await exportStore.currencies(tx),
      await exportStore.kinds(tx),
      await exportStore.parties(tx, channels),
    ] as const;
  });
  const from = period.from === undefined ? undefined : timeOf(period.from);
  const closingDay = lastDayBefore(timeOf(period.to));
  return {
    from,
    to: timeOf(period.to),
    link: period.to.link,
    hash: period.to.hash,
    currencies: currencies.map(({ code, digits }) => ({
      code,
      digits: Math.max(digits, isCurrency(code) ? exponentOf(code) : 0),
    })),
    payees: [...kinds.map(kindName), ...parties],
    openingDay: addDays(from === undefined ? closingDay : dayOf(from), -1),
    closingDay,
  };
}

/** Every party's balance at a point, read page by page, in the order of account, party and currency. */
async function* balancesAt(
  db: Database<'accounting'>,
  chart: Chart,
  point: BooksPoint,
): AsyncGenerator<ExportedBalance, void, undefined> {
  let after: PartyKey = { account: '', party: '', currency: '' };
  const everyone = { accounts: undefined, party: undefined };
  for (;;) {
    const sums = await partyBalancesAt(db, { point, by: 'posted_at' }, everyone, { after, limit: BALANCES });
    for (const sum of sums) yield balanceOf(sum, chart);
    const last: PartySum | undefined = sums.at(-1);
    if (last === undefined || sums.length < BALANCES) return;
    after = last;
  }
}

function* vouchersOf({ vouchers, postings }: ChainPart, chart: Chart): Generator<ExportedVoucher, void, undefined> {
  for (const voucher of vouchers) {
    const lines = (postings.get(voucher.id) ?? []).map((row) => ({ ...balanceOf(row, chart), row }));
    const payee = lines.find((line) => line.partyKind === 'channel' && line.party !== '')?.party;
    yield { voucher, payee: payee ?? kindName(voucher.kind), postings: lines };
  }
}

function balanceOf(row: PartyKey & { readonly debit: string; readonly credit: string }, chart: Chart): ExportedBalance {
  const account = chart.get(row.account);
  if (account === undefined) throw new Error(`the chart has no account ${row.account}`);
  return {
    code: account.code,
    name: account.name,
    type: account.type,
    partyKind: account.party,
    party: row.party,
    currency: row.currency,
    amount: displayAmount(new Exact(row.debit).minus(row.credit).toFixed(), row.currency),
  };
}

function kindName(kind: string): string {
  return kind.replaceAll('_', ' ');
}
