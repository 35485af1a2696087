import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { putBetweenMarkers } from '../../../bench/readme';

const README = join(__dirname, '..', '..', '..', 'README.md');

it('the table stands between the two markers of our own README, and nothing else changes', () => {
  const before = readFileSync(README, 'utf8');
  const once = putBetweenMarkers(before, '| old |\n');
  const twice = putBetweenMarkers(once, '| new |\n');
  expect(twice).not.toContain('| old |');
  expect(twice).toContain('\n\n| new |\n\n<!-- bench:end -->');
  expect(putBetweenMarkers(twice, '| old |\n')).toBe(once);
  const around = (text: string): readonly string[] => [
    text.slice(0, text.indexOf('<!-- bench:begin')),
    text.slice(text.indexOf('<!-- bench:end')),
  ];
  expect(around(twice)).toEqual(around(before));
});

it('a document without them is refused', () => {
  expect(() => putBetweenMarkers('# Nothing', '')).toThrow('to write between');
});
