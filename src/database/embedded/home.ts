import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DATA_FILES, readIfThere, replaceFile } from '../../data-dir';
import { StartRefused, oneLine } from '../start-refused';
import { type ServerUser, canEnter } from './server-user';

/** What the data folder remembers of its database. */
export interface DatabaseState {
  /** The folder that holds the server's data, log and, where needed, a copy of its programs. */
  readonly home: string;
  /** Where the server was last started. */
  readonly port: number;
}

const stateSchema = z.object({ home: z.string(), port: z.number().int() });

export function readState(dataDir: string): DatabaseState | undefined {
  const text = readIfThere(join(dataDir, DATA_FILES.databaseState));
  return text === undefined ? undefined : stateSchema.parse(JSON.parse(text));
}

export function writeState(dataDir: string, state: DatabaseState): void {
  replaceFile(join(dataDir, DATA_FILES.databaseState), `${JSON.stringify(state, null, 2)}\n`);
}

/** Where root keeps what belongs to a data folder that the server's user cannot enter. */
const ELSEWHERE = '/var/lib/quittance';

/**
 * The folder for the server's files: the data folder itself wherever the server's user can enter it. Where it cannot (root
 * works in a folder closed to all others), it is a folder with a random name under /var/lib/quittance, which outlives
 * a restart of the machine. The data folder remembers which, so that one that is deleted and made again begins anew.
 * @throws StartRefused where the remembered folder has gone, or there is no place that can be entered
 */
export async function findHome(dataDir: string, user: ServerUser | undefined): Promise<string> {
  const remembered = readState(dataDir)?.home;
  if (remembered !== undefined && existsSync(remembered) && (await canEnter(user, remembered))) return remembered;
  if (remembered !== undefined && remembered !== dataDir) {
    throw new StartRefused(`the database of ${dataDir} is in ${remembered}, which is missing or cannot be entered`);
  }
  if (await canEnter(user, dataDir)) return dataDir;
  if (existsSync(join(dataDir, 'postgres'))) {
    throw new StartRefused(`the database in ${dataDir} cannot be entered by the user ${user?.name ?? ''}, who runs it`);
  }
  return makeElsewhere(user);
}

async function makeElsewhere(user: ServerUser | undefined): Promise<string> {
  const home = join(ELSEWHERE, randomBytes(8).toString('hex'));
  try {
    mkdirSync(home, { recursive: true });
    // The process's umask may have closed them; what is private in there has its own mode.
    for (const folder of [ELSEWHERE, home]) chmodSync(folder, 0o711);
  } catch (error) {
    throw new StartRefused(`there is no place for the embedded database: ${oneLine(error)}; set DATABASE_URL`, error);
  }
  if (!(await canEnter(user, home)))
    throw new StartRefused(`${home} cannot be entered by the user ${user?.name ?? ''}`);
  return home;
}
