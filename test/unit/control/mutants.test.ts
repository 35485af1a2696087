import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { MUTANTS } from '../../../control/mutants/mutants';
import { readOptions } from '../../../control/options';
import { brokenTexts } from '../../../control/source-copy';

const root = join(__dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** `npm run control` takes minutes; that what it breaks is still in the source can be said at once. */
describe.each(MUTANTS)('$name', ({ edits, detectors }) => {
  it('breaks something that stands in the source, and what it leaves can be translated', () => {
    const broken = brokenTexts(new Map(edits.map(({ file }) => [file, read(file)])), edits);
    for (const [file, text] of broken) {
      expect(text).not.toBe(read(file));
      const { diagnostics } = ts.transpileModule(text, {
        fileName: file,
        reportDiagnostics: true,
        compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.Node20 },
      });
      expect(diagnostics).toEqual([]);
    }
  });

  it('is looked for by tests that are there', () => {
    expect(detectors.map(({ file }) => existsSync(join(root, file)))).toEqual(detectors.map(() => true));
  });
});

it('each mutant has a name of its own', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

it('a text that stands twice, or not at all, is refused', () => {
  const edit = { file: 'a.ts', text: 'one', becomes: 'two' };
  expect(() => brokenTexts(new Map([['a.ts', 'one one']]), [edit])).toThrow('stands 2 times in a.ts, not once');
  expect(() => brokenTexts(new Map([['a.ts', '']]), [edit])).toThrow('stands 0 times in a.ts, not once');
});

it('its options name what is known', () => {
  expect(readOptions(['--only', 'claim-without-lease'])).toMatchObject({ names: ['claim-without-lease'] });
  expect(() => readOptions(['--only', 'nothing'])).toThrow('--only is "nothing"; expected ');
});
