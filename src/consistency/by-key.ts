/**
 * A condition on rows that a statement finds by their keys: true or false for each of them, but nothing that an index could
 * serve. Without this a statement over a list of keys is planned to go through the partial index of what is due or open,
 * with all the dead entries that it holds, and to compare each of its rows with each of the keys (measured: 4,300 entries
 * read and 7,400 pairs compared to find 122 holds).
 */
export function filtered(condition: string): string {
  return `case when ${condition} then true else false end`;
}
