import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** The files that the service keeps in its data folder when it brings its own database. */
export const DATA_FILES = {
  masterKey: 'master-key',
  operatorToken: 'operator-token',
  metricsToken: 'metrics-token',
  service: 'service.json',
  lock: 'service.lock',
  databasePassword: 'postgres-password',
  databaseState: 'postgres.json',
} as const;

/**
 * Makes the data folder. As root the embedded server runs as another user, who must be able to pass through the folder to
 * the database below it; the secrets in it have mode 0600 whatever the folder's mode is.
 */
export function ensureDataDir(dataDir: string): void {
  if (existsSync(dataDir)) return;
  mkdirSync(dataDir, { recursive: true });
  chmodSync(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
}

/**
 * Reads a file, or makes it with this content, for its owner only. Two processes that do so at once get the same content:
 * the file appears complete and once, by a link.
 */
export function readOrCreate(dataDir: string, name: string, content: () => string): string {
  const path = join(dataDir, name);
  const present = readIfThere(path);
  if (present !== undefined) return present.trim();
  const temporary = writeTemporary(path, `${content()}\n`);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}

/** Replaces a file in one step: a reader sees the old content or the new, never a part. */
export function replaceFile(path: string, content: string): void {
  renameSync(writeTemporary(path, content), path);
}

/** Writes a file beside `path`, durable and readable by its owner only, and returns its name. */
export function writeTemporary(path: string, content: string): string {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    giveToOwnerOf(dirname(path), file);
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

/** What root writes into a folder of another user belongs to that user, who could not use the folder any more otherwise. */
export function giveToOwnerOf(folder: string, file: number): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  fchownSync(file, uid, gid);
}

/** The content of a file; undefined where there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
