import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Edit } from './mutants/mutant';

/** A copy of the project in a folder of its own, in which a protection is broken and mended again. */
export interface SourceCopy {
  readonly folder: string;
  /** Breaks it here, does the work, and mends it again, however the work ended. */
  broken<R>(edits: readonly Edit[], work: () => Promise<R>): Promise<R>;
  remove(): Promise<void>;
}

const ROOT = join(__dirname, '..');
/** Everything that the tests load. What is installed is used where it is. */
const COPIED = [
  'src',
  'jobs',
  'db',
  'demo',
  'test',
  'chaos',
  'docs',
  'package.json',
  'tsconfig.json',
  'jest.config.js',
];

export async function copySource(): Promise<SourceCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'quittance-control-'));
  for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const write = async (texts: ReadonlyMap<string, string>): Promise<void> => {
    for (const [file, text] of texts) await writeFile(join(folder, file), text);
  };
  return {
    folder,
    broken: async (edits, work) => {
      const texts = new Map<string, string>();
      for (const { file } of edits) texts.set(file, await readFile(join(folder, file), 'utf8'));
      try {
        await write(brokenTexts(texts, edits));
        return await work();
      } finally {
        await write(texts);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * The files of a mutant as they stand with its edits, which are made one after the other.
 * @param texts each file that the edits name, as it stands
 * @throws Error where the text of an edit does not stand exactly once in its file
 */
export function brokenTexts(texts: ReadonlyMap<string, string>, edits: readonly Edit[]): ReadonlyMap<string, string> {
  const broken = new Map(texts);
  for (const { file, text, becomes } of edits) {
    const parts = (broken.get(file) ?? '').split(text);
    if (parts.length !== 2) throw new Error(`"${text}" stands ${parts.length - 1} times in ${file}, not once`);
    broken.set(file, parts.join(becomes));
  }
  return broken;
}
