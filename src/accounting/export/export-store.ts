import { type Tx, statement } from '../../consistency/transaction';

const CURRENCIES = statement(
  'accounting.export.currencies',
  `select currency as code, max(scale(trim_scale(debit + credit))) as digits from accounting.postings group by currency
    order by currency collate "C"`,
);

const KINDS = statement('accounting.export.kinds', 'select distinct kind from accounting.vouchers order by kind');

const CHANNELS = statement(
  'accounting.export.parties',
  `select distinct party from accounting.postings where account = any($1::text[]) order by party`,
);

export const exportStore = {
  /** With how many decimals each has anywhere. */
  currencies: (tx: Tx<'accounting'>): Promise<{ code: string; digits: number }[]> => tx.query(CURRENCIES),
  kinds: async (tx: Tx<'accounting'>): Promise<string[]> =>
    (await tx.query<{ kind: string }>(KINDS)).map((row) => row.kind),
  parties: async (tx: Tx<'accounting'>, accounts: readonly string[]): Promise<string[]> =>
    (await tx.query<{ party: string }>(CHANNELS, [accounts])).map((row) => row.party),
};
