import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isCode } from '../../src/data-dir';
import { makeTemporaryFolder } from './temporary-postgres';

/** A real file system that is small enough to be filled. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back, as an operator does who deletes something. */
  free(): void;
  unmount(): void;
}

/** Mounts a disk of so many megabytes in a temporary folder. It is kept in memory; the owner of what it holds may be anybody. */
export function mountSmallDisk(name: string, megabytes: number): SmallDisk {
  const folder = makeTemporaryFolder(name);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0711`, 'none', folder], { stdio: 'pipe' });
  // Below a folder of its own, so that whoever owns that cannot touch it.
  const ballast = join(folder, 'ballast');
  mkdirSync(ballast, { mode: 0o700 });
  const free = (): void => {
    rmSync(join(ballast, 'file'), { force: true });
  };
  return {
    folder,
    fill: () => {
      const file = openSync(join(ballast, 'file'), 'a');
      // What is left at the end is less than the smallest piece that the disk gives.
      for (const bytes of [1_048_576, 65_536, 4_096]) while (isWritten(file, Buffer.alloc(bytes, 1)));
      closeSync(file);
    },
    free,
    unmount: () => {
      execFileSync('umount', [folder], { stdio: 'pipe' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** False where the disk is full. */
function isWritten(file: number, bytes: Buffer): boolean {
  try {
    return writeSync(file, bytes) === bytes.length;
  } catch (error) {
    if (isCode(error, 'ENOSPC')) return false;
    throw error;
  }
}

/** CAP_SYS_ADMIN, without which root may not mount either (capabilities(7)): as in a container without privileges. */
const MAY_MOUNT = 1n << 21n;
const MISSING = 'no right to mount a small disk (root with CAP_SYS_ADMIN on Linux)';

function mayMount(): boolean {
  if (process.platform !== 'linux') return false;
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & MAY_MOUNT) !== 0n;
}

/** `describe` where disks can be mounted; else a skipped block whose name says why. */
export function describeWithSmallDisks(name: string, tests: () => void): void {
  if (mayMount()) describe(name, tests);
  else describe.skip(`${name} [skipped: ${MISSING}]`, tests);
}
