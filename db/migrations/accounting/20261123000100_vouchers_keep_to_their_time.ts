import type { Knex } from 'knex';
import { lockTables } from '../../lock-tables';

/** What is under way may be asked for by others while vouchers are read: each step commits for itself. */
export const config = { transaction: false };

const LEAST_SECONDS = 43_200;
/** Keys that are off by more, such as those of no time at all, are looked for everywhere. */
const BOUNDED = '1000 days';

/**
 * How far keys of vouchers have been from the time of their posting, and links of an earlier version before links that they follow:
 * whichever is more, half a day at least.
 */
const SKEW = `
  select ceil(greatest(${LEAST_SECONDS},
    (select max(abs(extract(epoch from accounting.time_of_key(id) - posted_at))) from accounting.vouchers),
    (select max(extract(epoch from highest - created_at))
       from (select created_at, max(created_at) over (order by number) as highest from accounting.links) l)))::bigint as seconds`;

/**
 * The month of a voucher's lines follows from when its link was posted: its key, by whose time postings are parted, is made of that
 * time, and the database refuses one that is far from it. So lines between two links are looked for in their months alone.
 *
 * Keys of before were made by the clocks of processes, and those of an earlier version that are still at work are: what the
 * furthest of them is off is allowed for, in `key_skew`: twice, because a link may have been set back as well. It reads vouchers
 * twice, about a second per million, and keeps nobody from posting.
 */
export async function up(knex: Knex): Promise<void> {
  const { rows } = await knex.raw<{ rows: { seconds: string }[] }>(SKEW);
  const seconds = Number(rows[0]?.seconds);
  await knex.transaction(async (tx) => {
    await lockTables(tx, ['accounting.vouchers']);
    await tx.raw(`
      alter table accounting.vouchers drop constraint if exists vouchers_key_time;
      alter table accounting.vouchers add constraint vouchers_key_time check (
        abs(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0 - extract(epoch from posted_at)) <= ${seconds}
      ) not valid;
      create or replace function accounting.key_skew() returns interval language sql immutable as $$
        select interval '${seconds} seconds'
      $$;
      create or replace function accounting.least_key_from(link bigint) returns uuid language sql stable as $$
        select coalesce(
          (select accounting.first_key(created_at - 2 * accounting.key_skew()) from accounting.links
            where number = link and accounting.key_skew() < interval '${BOUNDED}'),
          '00000000-0000-0000-0000-000000000000')
      $$;
      create or replace function accounting.least_key_beyond(link bigint) returns uuid language sql stable as $$
        select coalesce(
          (select accounting.first_key(created_at + 2 * accounting.key_skew()) from accounting.links
            where number = link and accounting.key_skew() < interval '${BOUNDED}'),
          'ffffffff-ffff-ffff-ffff-ffffffffffff')
      $$;
    `);
  });
  await knex.raw('alter table accounting.vouchers validate constraint vouchers_key_time');
}

export async function down(knex: Knex): Promise<void> {
  await knex.transaction(async (tx) => {
    await lockTables(tx, ['accounting.vouchers']);
    await tx.raw(`
      alter table accounting.vouchers drop constraint if exists vouchers_key_time;
      drop function accounting.least_key_from(bigint), accounting.least_key_beyond(bigint), accounting.key_skew();
    `);
  });
}
