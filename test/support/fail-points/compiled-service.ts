import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..', '..', '..');
const FOLDERS = ['src', 'jobs', 'db', 'test/support/fail-points'];

export interface CompiledService {
  /** The program of a process that dies where it is told to. */
  readonly entry: string;
  remove(): void;
}

/**
 * Translates the service's sources once, as they are, so that a hundred processes need not do it each. Types are checked
 * elsewhere.
 */
export function compileService(): CompiledService {
  const folder = mkdtempSync(join(tmpdir(), 'quittance-points-'));
  const tsconfig = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config as {
    readonly compilerOptions: object;
  };
  const { options } = ts.convertCompilerOptionsFromJson({ ...tsconfig.compilerOptions, noEmit: false }, ROOT);
  for (const path of FOLDERS.flatMap(sourcesIn)) {
    const source = readFileSync(join(ROOT, path), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions: options, fileName: join(ROOT, path) });
    const target = join(folder, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), readFileSync(join(ROOT, 'package.json')));
  return {
    entry: join(folder, 'test/support/fail-points/mortal-service.js'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sourcesIn(folder: string): readonly string[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ts')).map((file) => join(folder, file));
}
