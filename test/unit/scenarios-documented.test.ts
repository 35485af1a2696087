import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** docs/scenarios.md names a test or a reason for every scenario of the field; both sides are kept together here. */
const ROOT = join(__dirname, '..', '..');
const CALLS = new Set(['describe', 'it', 'test', 'describeWithRedis']);

interface Scenario {
  readonly scenario: string;
  readonly shown: string;
}

/** The rows of all tables: the scenario and what shows it. */
function scenarios(): Scenario[] {
  return readFileSync(join(ROOT, 'docs', 'scenarios.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (scenario|-)/.test(line))
    .map((line) => {
      const [, scenario = '', , shown = ''] = line.split('|').map((cell) => cell.trim());
      return { scenario, shown };
    });
}

/** The full names of the tests of a file, `describe › it`, as they stand in its source. */
function namesIn(file: string): Set<string> {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const names = new Set<string>();
  const visit = (node: ts.Node, above: readonly string[]): void => {
    const title = titleOf(node);
    const path = title === undefined ? above : [...above, title];
    if (title !== undefined) names.add(path.join(' › '));
    ts.forEachChild(node, (child) => {
      visit(child, path);
    });
  };
  visit(source, []);
  return names;
}

/** The title of a call such as `it(title, ...)`, `it.each(rows)(title, ...)`. */
function titleOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const [title] = node.arguments;
  if (title === undefined || !ts.isStringLiteralLike(title)) return undefined;
  const called = /^(\w+)/.exec(node.expression.getText())?.[1];
  return called !== undefined && CALLS.has(called) ? title.text : undefined;
}

const NAMED = /^`(test\/[\w./-]+\.test\.ts)` › (.+)$/;

it.each(scenarios().map((one) => [one.scenario, one.shown] as const))(
  '%s is a test that exists, or a reason',
  (_, shown) => {
    const named = NAMED.exec(shown);
    if (named === null) expect(shown).toMatch(/^Cannot arise: .{20,}/);
    else expect([...namesIn(named[1]!)]).toContain(named[2]);
  },
);

it('no test of test/scenarios is without its scenario', () => {
  const named = new Set(scenarios().map(({ shown }) => shown));
  const files = readdirSync(join(ROOT, 'test', 'scenarios')).filter((file) => file.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(5);
  for (const file of files.map((name) => `test/scenarios/${name}`)) {
    const names = [...namesIn(file)];
    const tests = names.filter((name) => !names.some((other) => other.startsWith(`${name} › `)));
    for (const name of tests) expect([...named]).toContain(`\`${file}\` › ${name}`);
  }
});
