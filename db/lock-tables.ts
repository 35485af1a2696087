import type { Knex } from 'knex';

/**
 * Takes several tables for a migration that changes them all, before it changes the first, while payments go on that lock them
 * in other orders: all of them or, after a moment of waiting for one, none for now. Neither the migration nor a payment is
 * ever ended as the victim of a deadlock, which the server looks for after a second.
 */
export async function lockTables(knex: Knex, tables: readonly string[]): Promise<void> {
  await knex.raw(`
    do $$
    begin
      for attempt in 1..1000 loop
        begin
          set local lock_timeout = '200ms';
          lock table ${tables.join(', ')} in access exclusive mode;
          return;
        exception when lock_not_available then
          perform pg_sleep(0.05);
        end;
      end loop;
      raise exception 'the tables to be changed are always in use: ${tables.join(', ')}';
    end $$;
  `);
}
