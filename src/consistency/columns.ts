/**
 * Makes of a list of rows what `unnest` takes: an array per column, in the order of the columns.
 *
 * A store declares the columns of a list once, beside the statement that takes them, so that the functions that read them live
 * as long as the module. V8 keeps the optimized code of a function only as long as some function object has it: of a literal
 * within a function that is called now and then there is none most of the time, and each major garbage collection throws its
 * code away, to be compiled again.
 */
export function columnsOf<Row>(...columns: readonly ((row: Row) => unknown)[]): (rows: readonly Row[]) => unknown[][] {
  return (rows) => {
    const lists: unknown[][] = [];
    for (const column of columns) lists.push(rows.map(column));
    return lists;
  };
}
