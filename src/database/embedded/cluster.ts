import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeTemporary } from '../../data-dir';
import { StartRefused, oneLine } from '../start-refused';
import type { Binaries } from './binaries';
import { type ServerUser, runAsServerUser } from './server-user';

export const SUPERUSER = 'quittance';

/** Without these the encoding depends on the environment, and without LANG it would be SQL_ASCII. */
const LOCALE = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];

/**
 * Makes the server's data folder where there is none. It is made beside its place and moved there when it is complete, so
 * that a process killed in the middle leaves nothing that looks like a database.
 * @throws StartRefused where the data is of another major version of PostgreSQL
 */
export async function ensureCluster(
  home: string,
  password: string,
  tools: { binaries: Binaries; user: ServerUser | undefined },
): Promise<string> {
  const { binaries, user } = tools;
  const folder = join(home, 'postgres');
  if (existsSync(folder)) {
    const major = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
    if (major === binaries.major) return folder;
    throw new StartRefused(
      `the data in ${folder} is of PostgreSQL ${major}, the embedded server is ${binaries.major}; dump and restore it, or set DATABASE_URL`,
    );
  }
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const passwordFile = writeTemporary(join(home, 'password'), password);
  try {
    for (const path of user === undefined ? [] : [unfinished, passwordFile])
      chownSync(path, user?.uid ?? 0, user?.gid ?? 0);
    const settings = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`, ...LOCALE];
    await runAsServerUser(user, binaries.initdb, [`--pgdata=${unfinished}`, ...settings]);
  } catch (error) {
    throw new StartRefused(`the embedded database could not be made in ${folder}: ${oneLine(error)}`, error);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, folder);
  return folder;
}
