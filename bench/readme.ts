import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- bench:begin, written by npm run bench -- --write-readme -->';
const END = '<!-- bench:end -->';

/**
 * Puts a table between the two markers of a document.
 * @throws Error where it has not both of them, in this order
 */
export function putBetweenMarkers(document: string, table: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`there are no lines ${BEGIN} and ${END} to write between`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${table}\n${document.slice(end)}`;
}

export function writeReadme(path: string, table: string): void {
  writeFileSync(path, putBetweenMarkers(readFileSync(path, 'utf8'), table));
}
