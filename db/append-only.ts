import type { Knex } from 'knex';

/** Makes the database itself refuse to update, delete or truncate a table (guarantee 7), whoever asks. */
export async function appendOnly(knex: Knex, table: string): Promise<void> {
  const [schema = '', name = ''] = table.split('.');
  await knex.raw(`
    create or replace function ${schema}.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, tg_op
        using errcode = 'integrity_constraint_violation', constraint = 'append_only';
    end $$;
    create trigger ${name}_append_only before update or delete or truncate on ${table}
      for each statement execute function ${schema}.refuse_change();
  `);
}
