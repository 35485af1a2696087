import type { Knex } from 'knex';
import { lockTables } from '../../lock-tables';
import { checkListByList } from '../../references';

/** Vouchers are held to their link list by list, as postings are to their vouchers. It takes a moment; links keep their rows. */
export async function up(knex: Knex): Promise<void> {
  await lockTables(knex, ['accounting.links', 'accounting.vouchers']);
  await checkListByList(knex, 'accounting.vouchers', [{ column: 'link_number', parent: 'links', key: 'number' }]);
}
