import type { Knex } from 'knex';

/**
 * Makes the database itself refuse to delete or truncate a table, or to change a key of it, whoever asks: other rows name its
 * rows, and no foreign key says so.
 */
export async function keepRows(knex: Knex, table: string): Promise<void> {
  const [schema = '', name = ''] = table.split('.');
  await knex.raw(`
    create or replace function ${schema}.refuse_loss() returns trigger language plpgsql as $$
    begin
      raise exception 'the rows of %.% and their keys are kept: % is refused', tg_table_schema, tg_table_name, tg_op
        using errcode = 'integrity_constraint_violation', constraint = 'kept';
    end $$;
    create trigger ${name}_kept before update of id or delete or truncate on ${table}
      for each statement execute function ${schema}.refuse_loss();
  `);
}
