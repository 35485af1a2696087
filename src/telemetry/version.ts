import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version in the package's manifest, which lies one folder higher where the service runs from `dist`. */
export function readVersion(from: string = __dirname): string {
  const path = join(from, 'package.json');
  if (existsSync(path)) {
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version?: string };
    if (version !== undefined) return version;
  }
  const above = dirname(from);
  return above === from ? 'unknown' : readVersion(above);
}
