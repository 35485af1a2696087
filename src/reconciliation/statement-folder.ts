import { createReadStream } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** A statement that lies in the folder: `<channel>/<YYYY-MM-DD>.csv`, the day with anything behind it after a dot or dash. */
export interface FoundStatement {
  readonly channel: string;
  readonly date: string;
  readonly fileName: string;
  open(): AsyncIterable<Buffer>;
  /** Renames it, so that it is not found again: `<name>.done`, `<name>.quarantined`. */
  mark(as: 'done' | 'quarantined'): Promise<void>;
}

const CHANNEL = /^[a-z0-9][a-z0-9-]{0,62}$/;
const FILE = /^(\d{4}-\d\d-\d\d)(?:[.-][\w.-]{1,100})?\.csv$/;

/** The statements that nobody has marked, oldest first. A folder that is not there holds none. */
export async function findStatements(folder: string): Promise<readonly FoundStatement[]> {
  const found: FoundStatement[] = [];
  for (const channel of (await namesIn(folder)).filter((name) => CHANNEL.test(name))) {
    for (const fileName of await namesIn(join(folder, channel))) {
      const date = FILE.exec(fileName)?.[1];
      if (date === undefined) continue;
      const path = join(folder, channel, fileName);
      found.push({
        channel,
        date,
        fileName,
        open: () => readWhenAsked(path),
        mark: (as) => marked(path, as),
      });
    }
  }
  return found.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Another process may have marked it first. */
async function marked(path: string, as: string): Promise<void> {
  try {
    await rename(path, `${path}.${as}`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Opens the file when it is read: one that another process has taken meanwhile fails whoever reads it, and nobody else. */
async function* readWhenAsked(path: string): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) yield chunk as Buffer;
}
