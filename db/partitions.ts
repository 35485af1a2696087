import type { Knex } from 'knex';
import { lockTables } from './lock-tables';

/**
 * Terminology
 * - month: a partition holds the rows whose key was made in one calendar month in UTC. Keys are UUIDv7, which begin with their
 *   time, so that a range of keys is a range of time and a unique key that contains the key stays possible.
 * - before: the partition of everything that is older than the first month; the table as it was before it had partitions.
 * - default: the partition of what no other takes, so that no payment fails for want of one. It is empty as long as months are
 *   made ahead.
 */

/**
 * The functions by which a schema's months are made, listed and dropped. They are in the database so that a person can call
 * them as the service does:
 *
 * - `make_months(table, ahead)` makes those that are missing, up to so many after the present one, and gives how many it
 *   made. What lies in `default` becomes a partition as it is: no row is moved. Calls follow one another.
 * - `months(table)` lists the partitions with the lowest key in them and the lowest above them.
 * - `past_until(table, kept_since)` gives the key below which rows are past: those of months that are past as a whole, and of what was
 *   before.
 * - `drop_month(table, partition)` drops one; of what is before only the rows.
 */
export async function createMonths(knex: Knex, schema: string): Promise<void> {
  await knex.raw(`
    create function ${schema}.first_key(instant timestamptz) returns uuid language sql immutable strict as $$
      select (lpad(to_hex((extract(epoch from instant) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
    $$;
    create function ${schema}.time_of_key(key uuid) returns timestamptz language sql immutable strict as $$
      select to_timestamp(('x' || left(replace(key::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
    $$;
    create function ${schema}.month_after(instant timestamptz) returns timestamptz language sql immutable strict as $$
      select (date_trunc('month', instant at time zone 'UTC') + interval '1 month') at time zone 'UTC'
    $$;

    create function ${schema}.months(parent regclass)
      returns table (partition regclass, lower uuid, upper uuid, is_default boolean) language sql stable as $$
      select c.oid::regclass, substring(b.text from 'FROM \\(''([0-9a-f-]{36})''\\)')::uuid,
             substring(b.text from 'TO \\(''([0-9a-f-]{36})''\\)')::uuid, b.text = 'DEFAULT'
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
             cross join lateral (select pg_get_expr(c.relpartbound, c.oid) as text) b
       where i.inhparent = parent order by 3 nulls last
    $$;
  `);
  await knex.raw(`
    create function ${schema}.past_until(parent regclass, kept_since uuid) returns uuid language plpgsql stable as $$
    begin
      return least(kept_since, (
        select m.upper from ${schema}.months(parent) m
         where not m.is_default and (m.lower is null or m.upper <= kept_since) order by m.upper desc limit 1));
    end $$;
  `);
  await knex.raw(makeMonths(schema));
  await knex.raw(`
    create function ${schema}.drop_month(parent regclass, month regclass) returns void language plpgsql as $$
    declare is_before boolean;
    begin
      select m.lower is null into is_before from ${schema}.months(parent) m where m.partition = month and not m.is_default;
      if is_before is null then
        raise exception '% is no month of %', month, parent;
      end if;
      execute format(case when is_before then 'truncate %s' else 'drop table %s' end, month);
    end $$;
  `);
}

/**
 * A month begins as a table of its own, so that attaching it locks no payment out of the parent. Whatever a statement as a whole
 * may not do to the parent it may not do to the month either: triggers of statements are not inherited.
 */
function makeMonths(schema: string): string {
  return `
    create function ${schema}.copy_triggers(original regclass, copy regclass) returns void
      language plpgsql set search_path = pg_catalog as $$
    declare definition text;
    begin
      for definition in
        select pg_get_triggerdef(t.oid) from pg_trigger t where t.tgrelid = original and not t.tgisinternal
      loop
        execute replace(definition, ' ON ' || original::text || ' ', ' ON ' || copy::text || ' ');
      end loop;
    end $$;

    create function ${schema}.new_partition(parent regclass, name text) returns regclass
      language plpgsql set search_path = pg_catalog as $$
    declare made regclass;
    begin
      execute format('create table ${schema}.%I (like %s including all)', name, parent);
      made := format('${schema}.%I', name)::regclass;
      perform ${schema}.copy_triggers(parent, made);
      return made;
    end $$;

    create function ${schema}.make_months(parent regclass, ahead integer) returns integer
      language plpgsql set search_path = pg_catalog as $$
    declare
      key text; base text; spare regclass; month regclass; lowest uuid; highest uuid;
      lower uuid; upper uuid; goal uuid; made integer := 0;
    begin
      perform pg_advisory_xact_lock(hashtextextended('quittance months ' || parent, 0));
      select a.attname into strict key from pg_partitioned_table p
        join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0] where p.partrelid = parent;
      select relname into strict base from pg_class where oid = parent;
      select m.upper into strict lower from ${schema}.months(parent) m where m.upper is not null order by m.upper desc limit 1;
      select m.partition into strict spare from ${schema}.months(parent) m where m.is_default;
      goal := ${schema}.first_key(${schema}.month_after(clock_timestamp() + make_interval(months => ahead)));
      while lower < goal loop
        upper := ${schema}.first_key(${schema}.month_after(${schema}.time_of_key(lower)));
        execute format('select %1$I from %2$s where %1$I >= %3$L order by %1$I limit 1', key, spare, lower) into lowest;
        execute format('select %1$I from %2$s order by %1$I desc limit 1', key, spare) into highest;
        if lowest < upper then
          upper := ${schema}.first_key(${schema}.month_after(${schema}.time_of_key(highest)));
          execute format('alter table %s detach partition %s', parent, spare);
          execute format('alter table %s rename to %I', spare,
                         base || to_char(${schema}.time_of_key(lower) at time zone 'UTC', '"_p"YYYY_MM'));
          execute format('alter table %s attach partition %s for values from (%L) to (%L)', parent, spare, lower, upper);
          spare := ${schema}.new_partition(parent, base || '_default');
          execute format('alter table %s attach partition %s default', parent, spare);
        else
          month := ${schema}.new_partition(
            parent, base || to_char(${schema}.time_of_key(lower) at time zone 'UTC', '"_p"YYYY_MM'));
          execute format('alter table %s attach partition %s for values from (%L) to (%L)', parent, month, lower, upper);
        end if;
        made := made + 1;
        lower := upper;
      end loop;
      return made;
    end $$;
  `;
}

/** A table that gets months. */
export interface Monthly {
  readonly schema: string;
  /** Without its schema. */
  readonly table: string;
  /** The column of type uuid by whose time the rows are parted. */
  readonly key: string;
}

/** What says that a table has nothing beyond the first month. */
export const RANGE = (table: string): string => `${table}_before_first_month`;

/**
 * The first of three migrations that give a table months while payments go on. A table with rows is to become the partition
 * of what is `before` without being read under a lock: here it is told that it has nothing beyond the end of this or the next
 * month. It takes a moment.
 */
export async function boundRows(knex: Knex, { schema, table, key }: Monthly): Promise<void> {
  await knex.raw(`
    do $$
    begin
      if exists (select from ${schema}.${table}) then
        execute format('alter table ${schema}.${table} add constraint ${RANGE(table)} check (${key} < %L) not valid',
                       ${schema}.first_key(${schema}.month_after(clock_timestamp() + interval '3 days')));
      end if;
    end $$;
  `);
}

/** The second: reads the table, about a second per million rows, and keeps nobody from writing to it. */
export async function checkBound(knex: Knex, { schema, table }: Monthly): Promise<void> {
  await knex.raw(`
    do $$
    begin
      if exists (select from pg_constraint where conrelid = '${schema}.${table}'::regclass and conname = '${RANGE(table)}') then
        alter table ${schema}.${table} validate constraint ${RANGE(table)};
      end if;
    end $$;
  `);
}

/**
 * The third: the table becomes `<table>_before`, its place is taken by a partitioned one with the same columns, defaults,
 * constraints, indexes and triggers, and the months are made. It takes a moment; what waits meanwhile goes on with the new
 * table.
 */
export async function partByMonth(knex: Knex, { schema, table, key }: Monthly): Promise<void> {
  await lockTables(knex, [`${schema}.${table}`]);
  await renameWithIndexes(knex, schema, table, `${table}_before`);
  await knex.raw(`
    create table ${schema}.${table} (like ${schema}.${table}_before including all) partition by range (${key});
    alter table ${schema}.${table} drop constraint if exists ${RANGE(table)};
    select ${schema}.copy_triggers('${schema}.${table}_before', '${schema}.${table}');
  `);
  await attachBefore(knex, { schema, table, before: `${table}_before`, bound: RANGE(table) });
}

/** Makes room for a table of the same name with indexes of the same names. */
export async function renameWithIndexes(knex: Knex, schema: string, from: string, to: string): Promise<void> {
  await knex.raw(`
    do $$
    declare index_name text;
    begin
      alter table ${schema}.${from} rename to ${to};
      for index_name in select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
        where i.indrelid = '${schema}.${to}'::regclass and starts_with(c.relname, '${from}_')
      loop
        execute format('alter index ${schema}.%I rename to %I', index_name, '${to}' || substr(index_name, ${from.length + 1}));
      end loop;
    end $$;
  `);
}

/** Attaches what is before to a partitioned table without partitions, and makes `default` and the months. */
export async function attachBefore(
  knex: Knex,
  names: { readonly schema: string; readonly table: string; readonly before: string; readonly bound: string },
): Promise<void> {
  const { schema, table, before } = names;
  await knex.raw(`
    do $$
    declare bound uuid;
    begin
      select substring(pg_get_constraintdef(oid) from '''([0-9a-f-]{36})''')::uuid into bound
        from pg_constraint where conrelid = '${schema}.${before}'::regclass and conname = '${names.bound}';
      if bound is null then
        bound := ${schema}.first_key(${schema}.month_after(clock_timestamp() + case
          when exists (select from ${schema}.${before}) then interval '3 days' else interval '-1 month' end));
      end if;
      execute format('alter table ${schema}.${table} attach partition ${schema}.${before} for values from (minvalue) to (%L)',
                     bound);
      alter table ${schema}.${before} drop constraint if exists ${names.bound};
      perform ${schema}.new_partition('${schema}.${table}', '${table}_default');
      alter table ${schema}.${table} attach partition ${schema}.${table}_default default;
      perform ${schema}.make_months('${schema}.${table}', 2);
    end $$;
  `);
}
