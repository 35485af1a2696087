/**
 * Builds dist/ from the sources, as `npm run build` and before every verb that runs built code.
 *   --if-needed  only where a source is newer than the last build
 *   --is-fresh   nothing; succeeds where no source is newer than the last build
 *   --optional   without TypeScript (an installation without development dependencies) say so and succeed
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ['src', 'jobs', 'db', 'demo'];
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package.json'];
const stamp = join(root, 'dist', '.built');
const options = process.argv.slice(2);

const sources = SOURCES.flatMap((folder) => filesIn(join(root, folder)));
const newest = Math.max(
  ...[...sources, ...SOURCES.map((folder) => join(root, folder)), ...SETTINGS.map((file) => join(root, file))]
    .filter((path) => existsSync(path))
    .map((path) => statSync(path).mtimeMs),
);
const isFresh = sources.length === 0 || (existsSync(stamp) && statSync(stamp).mtimeMs >= newest && !hasStale());
if (options.includes('--is-fresh')) process.exit(isFresh && existsSync(stamp) ? 0 : 1);
if (!(options.includes('--if-needed') && isFresh)) build();

function build() {
  const compiler = findCompiler();
  if (compiler === undefined) {
    process.stderr.write('not built: TypeScript is not installed (npm install without --omit=dev brings it)\n');
    process.exit(options.includes('--optional') || existsSync(stamp) ? 0 : 1);
  }
  // What is newer than this moment was changed during the build and is built again next time.
  const began = new Date();
  removeStale();
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  chmodSync(join(root, 'dist', 'src', 'cli.js'), 0o755);
  writeFileSync(stamp, `${began.toISOString()}\n`);
}

/** A migration or a module whose source has gone must not be found by what loads whole folders. */
function removeStale() {
  for (const path of staleFiles()) rmSync(path);
  // Without its memory the compiler writes every file again, also one that somebody deleted by hand.
  if (!existsSync(join(root, 'dist', 'src', 'cli.js'))) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
}

function hasStale() {
  return staleFiles().length > 0;
}

function staleFiles() {
  const made = SOURCES.flatMap((folder) => filesIn(join(root, 'dist', folder)));
  return made.filter((path) => {
    const source = path.replace(join(root, 'dist'), root).replace(/\.js(\.map)?$/, '.ts');
    return !existsSync(source);
  });
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function findCompiler() {
  try {
    return createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc');
  } catch {
    return undefined;
  }
}
