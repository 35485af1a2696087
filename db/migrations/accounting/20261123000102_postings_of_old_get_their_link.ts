import type { Knex } from 'knex';
import { updateAppendOnly } from '../../append-only';
import { despiteDeadlocks } from '../../deadlocks';

/** Each page is a transaction of its own, so that nothing is held up that waits for what began before it. */
export const config = { transaction: false };

const PAGE = 20_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** The last voucher of the page after a key. */
const PAGE_END = `
  select voucher_id as last
    from (select voucher_id from accounting.postings where voucher_id > ? order by voucher_id limit ${PAGE}) p
   order by voucher_id desc limit 1`;

/** A posting of no voucher lies under no link: 0 is none, and the verification of the books names it. */
const FILL = `
  update accounting.postings p
     set link_number = coalesce((select v.link_number from accounting.vouchers v where v.id = p.voucher_id), 0)
   where p.voucher_id > ? and p.voucher_id <= ? and p.link_number is null`;

/**
 * The second step: postings from before get the link of their voucher, page by page along their key, while others are added. It goes on
 * where a run was cut off. Content and hashes are as they were: the link is no part of either.
 */
export async function up(knex: Knex): Promise<void> {
  const endOf = async (after: string): Promise<string | undefined> =>
    (await knex.raw<{ rows: { last: string }[] }>(PAGE_END, [after])).rows[0]?.last;
  let after = BEFORE_ALL;
  for (let last = await endOf(after); last !== undefined; last = await endOf(after)) {
    const page = [after, last];
    await despiteDeadlocks(() => updateAppendOnly(knex, 'accounting', FILL, page));
    after = last;
  }
  await knex.raw('alter table accounting.postings validate constraint postings_link_known');
}

/** The first step's way back takes the column away. */
export const down = (): Promise<void> => Promise.resolve();
