import type { Knex } from 'knex';
import { indexByPartition } from '../../index-partitions';
import { lockTables } from '../../lock-tables';

/** An index that is built while rows are added cannot be part of a transaction. */
export const config = { transaction: false };

const OF_PARTY = {
  ...{ schema: 'accounting', table: 'postings', name: 'postings_of_party' },
  columns: ['account', 'currency', 'party', 'link_number'],
};
/** As the server named it when postings got their months. */
const FORMER = {
  ...{ schema: 'accounting', table: 'postings', name: 'postings_account_currency_party_idx' },
  columns: OF_PARTY.columns.slice(0, 3),
};

/** The third step: lines of a party in the order of the chain. Only the end of it, a moment, keeps anybody from posting. */
export async function up(knex: Knex): Promise<void> {
  await indexByPartition(knex, OF_PARTY);
  await knex.raw('analyze accounting.postings');
  await knex.transaction(async (tx) => {
    await lockTables(tx, ['accounting.postings']);
    await tx.raw(`
      alter table accounting.postings alter column link_number set not null;
      alter table accounting.postings drop constraint if exists postings_link_known;
      drop index if exists accounting.${FORMER.name};
    `);
  });
}

/** Statements that look for a party's lines have an index again before they lose theirs. */
export async function down(knex: Knex): Promise<void> {
  await indexByPartition(knex, FORMER);
  await knex.transaction(async (tx) => {
    await lockTables(tx, ['accounting.postings']);
    await tx.raw(`
      alter table accounting.postings alter column link_number drop not null;
      drop index if exists accounting.${OF_PARTY.name};
    `);
  });
}
