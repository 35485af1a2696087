import type { Knex } from 'knex';

/** A column that names a row of another table of the same schema. */
export interface Reference {
  readonly column: string;
  /** The table without its schema. */
  readonly parent: string;
  /** The primary key of the parent, `id` where it is left out. */
  readonly key?: string;
}

/**
 * Has the database refuse rows that name a parent which is not there once per statement that inserts, in place of the foreign
 * keys of a table that is written in lists: those look for the parent of each row by a statement of its own, and lock it. A
 * violation bears the name and the code that the foreign key had.
 *
 * Updates are not looked at, and the parents must be such as are never deleted (`keepRows`, `appendOnly`).
 *
 * Each parent is looked up by its key, whatever the session plans by and however old the statistics are: `offset 0` keeps the
 * planner from making a join of it, which would read all parents, and a table that was small when a session planned is not
 * scanned for each either.
 */
export async function checkListByList(knex: Knex, table: string, references: readonly Reference[]): Promise<void> {
  const [schema = '', name = ''] = table.split('.');
  const held = references.map((reference) => ({ ...reference, constraint: `${name}_${reference.column}_fkey` }));
  const refuse = `${schema}.refuse_orphan_${name}`;
  await knex.raw(`
    alter table ${table} ${held.map(({ constraint }) => `drop constraint ${constraint}`).join(', ')};
    create function ${refuse}() returns trigger language plpgsql set enable_seqscan = off as $$
    declare orphan text;
    begin${held.map((one) => refusal(schema, one)).join('')}
      return null;
    end $$;
    create trigger ${name}_references after insert on ${table}
      referencing new table as added for each statement execute function ${refuse}();
  `);
}

function refusal(
  schema: string,
  { column, parent, key = 'id', constraint }: Reference & { readonly constraint: string },
): string {
  return `
      select a.${column} into orphan from (select distinct ${column} from added where ${column} is not null) a
       where not exists (select from ${schema}.${parent} p where p.${key} = a.${column} offset 0) limit 1;
      if orphan is not null then
        raise exception '%.${column} names %, which is not in ${parent}', tg_table_name, orphan
          using errcode = '23503', schema = tg_table_schema, table = tg_table_name, constraint = '${constraint}';
      end if;`;
}
