import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    insert into accounting.ledger_accounts (code, name, type, normal_side, party) values
      ('1100', 'Channel receivables', 'asset', 'debit', 'channel'),
      ('2100', 'Merchant payables', 'liability', 'credit', 'merchant'),
      ('2200', 'Commission payables', 'liability', 'credit', 'payee'),
      ('2300', 'Points liability', 'liability', 'credit', 'merchant'),
      ('2900', 'Suspense', 'liability', 'credit', 'none'),
      ('4100', 'Fee income', 'income', 'credit', 'none'),
      ('5100', 'Points expense', 'expense', 'debit', 'merchant');
  `);
}
