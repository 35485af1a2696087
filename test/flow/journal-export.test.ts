import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Exact } from '../../src/core/money';
import { type JournalFormatName, exportJournal } from '../../src/accounting/export/export-journal';
import { readTrialBalance } from '../../src/accounting/trial-balance';
import { booksWorld, type BooksWorld } from '../support/books-world';
import { beancountBalances, describeWithLedgerTools, hledgerBalances, runTool } from '../support/ledger-tools';
import { sendAll } from '../support/load';
import { startWorld } from '../support/world';

/** What somebody might call a channel, or put into a reference, to break a journal or to become part of it. */
const HOSTILE = [
  'cards; DROP',
  'a  double  blank',
  'quote " and \\ backslash',
  'line\nbreak\n2026-01-01 * "forged"',
  'tab\tand\rreturn',
  '(virtual)',
  '[balanced virtual]',
  'assets:other:account',
  '=1+1',
  '-x3B-',
  'cards-x',
  'a|payee',
  'é 字 😀',
  'e\u0301 combining',
  '\u202e reversed',
  'percent %3B',
  '* cleared',
  '! pending',
  ' leading and trailing ',
  '@ 100 EUR',
  '{1 USD}',
  '; comment: tag',
  '%none',
  'a'.repeat(200),
];

const HLEDGER = { asset: 'assets', liability: 'liabilities', income: 'revenues', expense: 'expenses' } as const;
const BEANCOUNT = { asset: 'Assets', liability: 'Liabilities', income: 'Income', expense: 'Expenses' } as const;
const TYPES = { '1': 'asset', '2': 'liability', '4': 'income', '5': 'expense' } as const;

type Books = BooksWorld['world']['databases']['accounting'];

const collect = async (db: Books, format: JournalFormatName, period = {}): Promise<string> => {
  let text = '';
  for await (const piece of exportJournal(db, format, period)) text += piece;
  return text;
};

/** Our own trial balance as the tools would show it, with debits positive. */
const expected = async (db: Books, tool: 'hledger' | 'beancount', at?: string): Promise<[string, string][]> => {
  const { lines } = await readTrialBalance(db, { at });
  return lines
    .map(({ account, name, debit, credit }): [string, string] => {
      const type = TYPES[account[0] as keyof typeof TYPES];
      const words = name.split(' ').map((word) => word[0]!.toUpperCase() + word.slice(1));
      const shown =
        tool === 'hledger' ? `${HLEDGER[type]}:${name.toLowerCase()}` : `${BEANCOUNT[type]}:${words.join('')}`;
      return [`${shown} ${debit.currency}`, debit.minus(credit).amount.toFixed()];
    })
    .filter(([, amount]) => amount !== '0')
    .sort();
};

const shown = (balances: ReadonlyMap<string, string>): [string, string][] =>
  [...balances]
    .map(([account, amount]): [string, string] => [account, new Exact(amount).toFixed()])
    .filter(([, amount]) => amount !== '0')
    .sort();

describeWithLedgerTools('an export of the journal', () => {
  let books: BooksWorld;
  let folder: string;
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quittance-journal-'));
    books = await booksWorld();
  });
  afterAll(async () => {
    await books.world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const mustAgree = async (db: Books, hledger: string, beancount: string, at?: string): Promise<void> => {
    const journal = file('books.journal', hledger);
    runTool('hledger', ['-f', journal, 'check', '--strict', 'payees', 'ordereddates']);
    expect(shown(hledgerBalances(journal))).toEqual(await expected(db, 'hledger', at));
    const bean = file('books.beancount', beancount);
    expect(runTool('bean-check', [bean])).toBe('');
    expect(shown(beancountBalances(bean))).toEqual(await expected(db, 'beancount', at));
  };

  it('of empty books is a journal too', async () => {
    const { databases } = books.world;
    await mustAgree(
      databases.accounting,
      await collect(databases.accounting, 'hledger'),
      await collect(databases.accounting, 'beancount'),
    );
  });

  it('is accepted by the real tools and agrees with the trial balance, whatever parties are called', async () => {
    const db = books.world.databases.accounting;
    await books.post(HOSTILE.filter((name) => !name.includes('\u0000')).map((channel) => ({ channel })));
    await books.post([
      { currency: 'JPY', gross: '1000', credits: [{ to: 'suspense', party: '', amount: '1000' }] },
      { currency: 'KWD', gross: '1.234', credits: [{ to: 'fees', party: '', amount: '1.234' }] },
      { currency: 'CLP', gross: '12.34', credits: [{ to: 'suspense', party: '', amount: '12.34' }] },
      { pointsValue: '0.5', merchantId: null },
      {
        gross: '999999999999999.99',
        credits: [{ to: 'payee', party: `payee/${books.payee}`, amount: '999999999999999.99' }],
      },
      ...HOSTILE.map((party) => ({ credits: [{ to: 'payee' as const, party, amount: '100.00' }] })),
    ]);
    const [hledger, beancount] = [await collect(db, 'hledger'), await collect(db, 'beancount')];
    await mustAgree(db, hledger, beancount);
    const parties = HOSTILE.length;
    expect(new Set(hledger.match(/^account assets:channel receivables:.*?(?= {2};)/gm)).size).toBe(parties + 1);
    expect(new Set(beancount.match(/^1970-01-01 open Assets:ChannelReceivables:\S+/gm)).size).toBe(parties + 1);
    expect(hledger.match(/^account /gm)!.length).toBe(new Set(hledger.match(/^account .*?(?= {2};)/gm)).size);
  });

  it('of a period begins with opening balances and ends with the balances of its end', async () => {
    const db = books.world.databases.accounting;
    await books.post([{}, {}]);
    const from = await books.now();
    await books.post([{ gross: '7.00', credits: [{ to: 'fees', party: '', amount: '7.00' }] }, {}]);
    const to = await books.now();
    await books.post([{}, {}, {}]);
    const period = { from, to };
    const hledger = await collect(db, 'hledger', period);
    const last = new Exact(to.slice(20, 26)).minus(1).toFixed().padStart(6, '0');
    await mustAgree(db, hledger, await collect(db, 'beancount', period), `${to.slice(0, 20)}${last}Z`);
    expect(hledger.match(/ \* \(vch_/g)).toHaveLength(2);
    expect(hledger).toContain('quittance | opening balances');
    const csv = await collect(db, 'csv', period);
    expect(csv.split('\r\n').filter((line) => line.includes(',receipt_settled,'))).toHaveLength(5);
    expect(csv).toContain('opening_balance');
  });

  it('is refused by the tools when a single amount of it is changed', async () => {
    const db = books.world.databases.accounting;
    const hledger = (await collect(db, 'hledger')).replace(/ {2}100\.00 USD\n/, '  100.01 USD\n');
    expect(() => runTool('hledger', ['-f', file('wrong.journal', hledger), 'check', '--strict'])).toThrow('ended with');
    const balance = /(balance Liabilities:MerchantPayables:\S+ {2}-?\d+)\.(\d\d) /;
    const beancount = (await collect(db, 'beancount')).replace(balance, '$1.99 ');
    expect(() => runTool('bean-check', [file('wrong.beancount', beancount)])).toThrow('Balance failed');
  });

  it('as CSV holds no formula, and amounts as they are', async () => {
    const csv = await collect(books.world.databases.accounting, 'csv');
    expect(csv).toContain("'=1+1");
    for (const line of csv.split('\r\n')) expect(line).not.toMatch(/(^|,)"?[=+@]/);
  });
});

describeWithLedgerTools('an export of the journal during a load of payments', () => {
  it('is accepted by the real tools and agrees with the trial balance at its end', async () => {
    const world = await startWorld();
    const folder = mkdtempSync(join(tmpdir(), 'quittance-journal-'));
    try {
      const [merchant, channel] = [await world.merchant(), await world.channel()];
      const orders = await Promise.all(Array.from({ length: 120 }, () => world.order(merchant)));
      const url = `${world.http.get('/').url.replace(/\/$/, '')}/callbacks/${channel.name}`;
      const load = sendAll(
        orders.map((order) => world.paid(channel, order)),
        { callers: 16, url: () => url },
      );
      const db = world.test.databases.accounting;
      await load.reached(20);
      for (const round of [1, 2, 3]) {
        let text = '';
        for await (const piece of exportJournal(db, 'hledger', {})) text += piece;
        let bean = '';
        for await (const piece of exportJournal(db, 'beancount', {})) bean += piece;
        for (const [name, content] of [
          [`r${round}.journal`, text],
          [`r${round}.beancount`, bean],
        ] as const) {
          writeFileSync(join(folder, name), content);
        }
        const journal = join(folder, `r${round}.journal`);
        runTool('hledger', ['-f', journal, 'check', '--strict', 'payees', 'ordereddates']);
        const end = /to (\S+)$/m.exec(text)![1]!;
        expect(shown(hledgerBalances(journal))).toEqual(await expected(db, 'hledger', end));
        const beancount = join(folder, `r${round}.beancount`);
        runTool('bean-check', [beancount]);
        const beanEnd = /^option "title" ".* to (\S+)"$/m.exec(bean)![1]!;
        expect(shown(beancountBalances(beancount))).toEqual(await expected(db, 'beancount', beanEnd));
      }
      await load.finished(100_000);
      await world.quiet();
      await world.mustBeSound();
    } finally {
      await world.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);
});
