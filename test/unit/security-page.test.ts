import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The threat model names where each threat is met and which test proves it: those files are there. */
const ROOT = join(__dirname, '..', '..');
const page = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| .* \| +[STRIDE](, [STRIDE])* +\|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const filesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

it('names a place and a test for every threat', () => {
  expect(rows.length).toBeGreaterThanOrEqual(25);
  for (const [, threat, , , places, tests] of rows) {
    expect([threat, filesIn(places!).length > 0, filesIn(tests!).length > 0]).toEqual([threat, true, true]);
    for (const test of filesIn(tests!)) expect(test).toMatch(/^test\/.*\.test\.ts$|^\.ci\/run$/);
  }
});

it('names only files that there are', () => {
  const named = [
    ...page.matchAll(/`((?:src|test|jobs|db|docs|ops|\.ci)\/[^`]*|package(?:-lock)?\.json)`/g),
    ...page.matchAll(/\]\(([^)#]+)\)/g),
  ].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(50);
  for (const name of named) expect([name, existsSync(join(ROOT, name))]).toEqual([name, true]);
});
