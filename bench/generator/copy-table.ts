import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { Client } from 'pg';
import { type CopyStreamQuery, from as copyFrom } from 'pg-copy-streams';

/** One table that is filled by one COPY over a connection of its own. */
export interface CopyTarget {
  /** Adds a row: the texts of its columns, `\N` for null. Texts hold no tab, line break or backslash. */
  row(columns: readonly string[]): void;
  /** Resolves when the server has taken what is waiting, so that memory stays bounded. */
  flushed(): Promise<void>;
  /** Sends the rest, commits, and closes the connection. @returns how many rows were written */
  end(): Promise<number>;
  /** Closes the connection; nothing of the table has been written. */
  abort(): Promise<void>;
}

/** So much text is handed to the stream at once. */
const CHUNK = 256 * 1024;

/** @param table with its schema; @param columns in the order of the rows */
export async function openCopy(url: string, table: string, columns: readonly string[]): Promise<CopyTarget> {
  const client = new Client({ connectionString: url, application_name: 'quittance bench load' });
  await client.connect();
  await client.query('begin');
  const stream: CopyStreamQuery = client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`));
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  failed.catch(() => undefined);
  let parts: string[] = [];
  let length = 0;
  let full = false;
  const hand = (): void => {
    full = !stream.write(parts.join('')) || full;
    parts = [];
    length = 0;
  };
  return {
    row: (values) => {
      const line = `${values.join('\t')}\n`;
      parts.push(line);
      length += line.length;
      if (length >= CHUNK) hand();
    },
    flushed: async () => {
      if (full && stream.writableNeedDrain) await Promise.race([once(stream, 'drain'), failed]);
      full = false;
    },
    end: async () => {
      hand();
      stream.end();
      await finished(stream);
      await client.query('commit');
      await client.end();
      return stream.rowCount;
    },
    abort: async () => {
      stream.destroy();
      await client.end().catch(() => undefined);
    },
  };
}
