import { linkSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DATA_FILES, isCode, readIfThere, replaceFile, writeTemporary } from '../../data-dir';
import { StartRefused } from '../start-refused';
import { type ProcessIdentity, identify, isRunning } from './processes';

/**
 * One process at a time uses a data folder. Node has no file locks that the system releases, so the lock is a file that
 * names its process, and a lock whose process is gone is stale.
 *
 * Taking over a stale lock must itself be safe against a second process that does the same: deleting or renaming a file
 * that was read a moment ago may hit the lock that somebody has just made. So nothing is taken over: locks are numbered,
 * the highest number counts, and a newcomer makes the next one by a link, which only one can. A lower number is deleted
 * only after a higher one stands, and who then finds a number above its own steps back.
 */
export interface DataDirLock {
  release(): void;
}

const content = z.object({ pid: z.number().int(), began: z.string() });
const RELEASED: ProcessIdentity = { pid: 0, began: 'released' };

/** @throws StartRefused where another process that runs uses the folder */
export function lockDataDir(dataDir: string): DataDirLock {
  const self = identify(process.pid);
  if (self === undefined) throw new Error('this process does not find itself in the process table');
  for (;;) {
    const held = highest(dataDir);
    const holder = held === 0 ? undefined : readHolder(dataDir, held);
    if (holder !== undefined && isRunning(holder)) {
      throw new StartRefused(
        `another process (pid ${holder.pid}) is using the data in ${dataDir}; stop it first, or set QUITTANCE_DATA_DIR`,
      );
    }
    const mine = held + 1;
    if (!makeLock(dataDir, mine, self)) continue;
    if (highest(dataDir) === mine) {
      for (const lower of numbers(dataDir)) if (lower < mine) rmSync(lockPath(dataDir, lower), { force: true });
      return {
        release: () => {
          replaceFile(lockPath(dataDir, mine), JSON.stringify(RELEASED));
        },
      };
    }
    rmSync(lockPath(dataDir, mine), { force: true });
  }
}

/** The process that uses the folder now, if any. */
export function lockHolder(dataDir: string): ProcessIdentity | undefined {
  const number = highest(dataDir);
  const holder = number === 0 ? undefined : readHolder(dataDir, number);
  return holder !== undefined && isRunning(holder) ? holder : undefined;
}

function makeLock(dataDir: string, number: number, self: ProcessIdentity): boolean {
  const temporary = writeTemporary(join(dataDir, DATA_FILES.lock), JSON.stringify(self));
  try {
    linkSync(temporary, lockPath(dataDir, number));
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Who made a lock; undefined where the file is gone, or is empty because the machine lost power while it was written. */
function readHolder(dataDir: string, number: number): ProcessIdentity | undefined {
  const text = readIfThere(lockPath(dataDir, number));
  if (text === undefined) return undefined;
  try {
    return content.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function highest(dataDir: string): number {
  return Math.max(0, ...numbers(dataDir));
}

function numbers(dataDir: string): number[] {
  const pattern = new RegExp(`^${DATA_FILES.lock}\\.(\\d+)$`);
  try {
    return readdirSync(dataDir)
      .map((name) => Number(pattern.exec(name)?.[1] ?? 0))
      .filter((number) => number > 0);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function lockPath(dataDir: string, number: number): string {
  return join(dataDir, `${DATA_FILES.lock}.${number}`);
}
