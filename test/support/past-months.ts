/** The tables that have months, with the column whose time parts them. */
export const MONTHLY = {
  'accounting.postings': 'voucher_id',
  'orders.callback_bodies_timed': 'id',
} as const;
export type MonthlyTable = keyof typeof MONTHLY;

type Ask = (sql: string, values?: readonly unknown[]) => Promise<unknown>;

/**
 * Takes from a table without rows all its months: what was before ends with the month in which an instant in the past lies, and
 * what comes in lies in the spare partition until months are made.
 * @param since RFC 3339
 */
export async function withoutMonths(ask: Ask, table: MonthlyTable, since: string): Promise<void> {
  const schema = table.split('.')[0] ?? '';
  await ask(
    `do $$
     declare m record;
     begin
       for m in select * from ${schema}.months('${table}') where lower is not null loop
         execute format('drop table %s', m.partition);
       end loop;
       for m in select * from ${schema}.months('${table}') where lower is null and not is_default loop
         execute format('alter table ${table} detach partition %s', m.partition);
         execute format('alter table ${table} attach partition %s for values from (minvalue) to (%L)', m.partition,
                        ${schema}.first_key(${schema}.month_after('${since}'::timestamptz - interval '1 month')));
       end loop;
     end $$`,
  );
}

/** Has a table without rows begin with the month of an instant in the past, as if it had had months since then. */
export async function monthsSince(ask: Ask, table: MonthlyTable, since: string): Promise<void> {
  await withoutMonths(ask, table, since);
  await ask(`select ${table.split('.')[0] ?? ''}.make_months('${table}', 2)`);
}
