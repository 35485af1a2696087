import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { StartRefused } from '../start-refused';

const execute = promisify(execFile);

/** The user as whom the server's programs run; undefined where they run as the user that this process is. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** A user made for PostgreSQL comes first; `nobody` is there on every system, and nothing is added to the machine. */
const CANDIDATES = ['postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root, so that root needs another user for it: the owner of the data where there is some
 * (made before by an ordinary user, say), else the first candidate that this machine has.
 * @param data the server's data folder, which need not exist
 * @throws StartRefused where root finds no user
 */
export function findServerUser(data: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const owner = existsSync(data) ? statSync(data).uid : 0;
  const user =
    owner > 0
      ? users.find(({ uid }) => uid === owner)
      : CANDIDATES.map((candidate) => users.find(({ name, uid }) => name === candidate && uid > 0)).find(Boolean);
  if (user !== undefined) return user;
  throw new StartRefused(
    owner > 0
      ? `the database in ${data} belongs to user id ${owner}, which this machine does not know`
      : `PostgreSQL does not run as root and there is no user ${CANDIDATES.join(' or ')}; start as an ordinary user, or set DATABASE_URL`,
  );
}

/**
 * What the server's programs see of the environment: nothing of ours, whose variables hold secrets, and messages in
 * English. They start in `/`, because the server's user may not be able to enter the present folder.
 */
export function asServerUser(user: ServerUser | undefined): {
  cwd: string;
  env: Record<string, string>;
  uid?: number;
  gid?: number;
} {
  const common = { cwd: '/', env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } };
  return user === undefined ? common : { ...common, uid: user.uid, gid: user.gid };
}

/** Runs a program as the server's user. Rejects where it cannot be run or ends with an error. */
export async function runAsServerUser(user: ServerUser | undefined, program: string, args: string[]): Promise<string> {
  const { stdout } = await execute(program, args, { ...asServerUser(user), timeout: 120_000 });
  return stdout;
}

/** Whether the server's user can get into a folder, by trying. */
export async function canEnter(user: ServerUser | undefined, folder: string): Promise<boolean> {
  if (user === undefined) return true;
  return runAsServerUser(user, '/bin/sh', ['-c', 'cd -- "$0"', folder]).then(
    () => true,
    () => false,
  );
}
