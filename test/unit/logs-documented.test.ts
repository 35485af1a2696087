import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Alerts are built on the names of events, so docs/logs.md has exactly those that the code writes. */
const ROOT = join(__dirname, '..', '..');

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((file) => file.isFile() && file.name.endsWith('.ts'))
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
}

it('docs/logs.md names every event that is logged, and no other', () => {
  const logged = new Set(
    [...sources('src'), ...sources('jobs')].flatMap((text) =>
      [...text.matchAll(/(?:event(?:: |: string = | = )|fields\()'([a-z_]+\.[a-z_]+)'/g)].map(([, name]) => name!),
    ),
  );
  for (const name of ['refused', 'failed', 'deferred']) logged.add(`callback.${name}_suppressed`);
  const families = [...new Set([...logged].map((name) => name.split('.')[0]))].join('|');
  const page = readFileSync(join(ROOT, 'docs', 'logs.md'), 'utf8');
  const documented = new Set(
    [...page.matchAll(new RegExp(`\`((?:${families})\\.[a-z_]+)\``, 'g'))].map(([, name]) => name!),
  );
  expect([...documented].sort()).toEqual([...logged].sort());
});

it('every line that the service logs has an event', () => {
  const without = [...sources('src'), ...sources('jobs')].flatMap((text) =>
    [
      ...text.matchAll(/logger(?:\?)?\.(?:trace|debug|info|warn|error|fatal)\(\s*(['"`]|\{(?!\s*(?:event|\.\.\.f)))/g),
    ].map((found) => text.slice(found.index, found.index + 80)),
  );
  expect(without).toEqual([]);
});
