import type { Knex } from 'knex';
import { keepRows } from '../../keep-rows';
import { lockTables } from '../../lock-tables';
import { checkListByList } from '../../references';

/** Entries are held to their accounts list by list, instead of each by a foreign key. It takes a moment. */
export async function up(knex: Knex): Promise<void> {
  await lockTables(knex, ['points.accounts', 'points.entries']);
  await checkListByList(knex, 'points.entries', [{ column: 'account_id', parent: 'accounts' }]);
  await keepRows(knex, 'points.accounts');
}
