/** Rows by their key, in the order of the rows; where several have one key, the last. */
export function indexBy<Key, Row>(rows: Iterable<Row>, keyOf: (row: Row) => Key): Map<Key, Row> {
  const index = new Map<Key, Row>();
  for (const row of rows) index.set(keyOf(row), row);
  return index;
}
