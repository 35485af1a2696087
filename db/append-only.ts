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

/**
 * Runs one UPDATE of an append-only table as a transaction of its own, for a migration that writes down what follows from other
 * rows. What refuses changes is another function within this transaction and nowhere else: whoever else tries meanwhile is
 * refused as ever, nobody is locked out, and there is no moment after which a trigger could have stayed switched off.
 */
export async function updateAppendOnly(
  knex: Knex,
  schema: string,
  update: string,
  values: readonly string[],
): Promise<void> {
  await knex.transaction(async (tx) => {
    const { rows } = await tx.raw<{ rows: { definition: string }[] }>(
      `select pg_get_functiondef('${schema}.refuse_change'::regproc) as definition`,
    );
    await tx.raw(`
      create or replace function ${schema}.refuse_change() returns trigger language plpgsql as $$
      begin
        return null;
      end $$`);
    await tx.raw(update, [...values]);
    await tx.raw(rows[0]?.definition ?? '');
  });
}
