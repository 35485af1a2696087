import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbedded } from '../../src/database/embedded';

export interface TemporaryPostgres {
  readonly server: EmbeddedPostgres;
  /** Stops the server and removes its folder. */
  close(): Promise<void>;
}

/**
 * An embedded PostgreSQL of its own in a folder of its own, which keeps what a real one keeps on disk, so that the service
 * itself, which refuses an unsafe server, can run on it.
 * @param name what the folder is for: `quittance-<name>-...` among the temporary files
 */
export async function startTemporaryPostgres(
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<TemporaryPostgres> {
  const folder = makeTemporaryFolder(name);
  try {
    const server = await startEmbedded({ dataDir: join(folder, 'data'), settings });
    return {
      server,
      close: async () => {
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A new folder that a server of another user can pass through: as root the embedded server runs as somebody else. */
export function makeTemporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `quittance-${name}-`));
  chmodSync(folder, 0o711);
  return folder;
}
