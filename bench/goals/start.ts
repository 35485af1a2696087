import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTemporaryFolder } from '../../test/support/temporary-postgres';
import { median } from '../median';
import { number } from '../options';
import { startService } from '../service';
import { defineGoal } from './goal';

const CLI = join(__dirname, '..', '..', 'dist', 'src', 'cli.js');

/** How long somebody waits who starts the service with its own database, from the process to /readyz. */
export const start = defineGoal({
  name: 'start',
  about: 'from the start of the process with its own PostgreSQL until /readyz says 200, first and later',
  figures: {
    first: { says: 'first start, in an empty folder', unit: 's', target: { is: 'below', value: 5 } },
    first_before_server: { says: 'first start: Node, and the files of the database', unit: 's' },
    first_server: { says: 'first start: PostgreSQL until it takes connections', unit: 's' },
    first_after_server: { says: 'first start: migrations, workers and the listener', unit: 's' },
    later: { says: 'later starts, median', unit: 's', target: { is: 'below', value: 2 } },
    later_before_server: { says: 'later starts: Node', unit: 's' },
    later_server: { says: 'later starts: PostgreSQL until it takes connections', unit: 's' },
    later_after_server: { says: 'later starts: a look at the migrations, workers and the listener', unit: 's' },
  },
  options: { 'later-starts': number(3, 1, 100, 'how many starts follow the first') },
  round: async ({ tell }, options) => {
    tell(`a first start and ${options['later-starts']} later ones`);
    const folder = makeTemporaryFolder('bench-start');
    try {
      const dataDir = join(folder, 'data');
      const first = await startOnce(dataDir);
      const later: Started[] = [];
      while (later.length < options['later-starts']) later.push(await startOnce(dataDir));
      const of = (name: keyof Started): number => median(later.map((one) => one[name]));
      return {
        figures: {
          first: first.ready,
          first_before_server: first.beforeServer,
          first_server: first.server,
          first_after_server: first.afterServer,
          later: of('ready'),
          later_before_server: of('beforeServer'),
          later_server: of('server'),
          later_after_server: of('afterServer'),
        },
        detail: { first, later },
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

/** In seconds; the parts are what PostgreSQL's own log says of when it began and when it was ready. */
interface Started {
  readonly ready: number;
  readonly beforeServer: number;
  readonly server: number;
  readonly afterServer: number;
}

async function startOnce(dataDir: string): Promise<Started> {
  const startedAt = Date.now();
  const service = await startService({ QUITTANCE_DATA_DIR: dataDir });
  try {
    const log = readFileSync(join(dataDir, 'postgres.log'), 'utf8');
    const began = lastTime(log, 'starting PostgreSQL') - startedAt;
    const took = lastTime(log, 'database system is ready to accept connections') - startedAt;
    await mustBeSound(dataDir);
    return {
      ready: service.readyMs / 1_000,
      beforeServer: began / 1_000,
      server: (took - began) / 1_000,
      afterServer: (service.readyMs - took) / 1_000,
    };
  } finally {
    await service.stop();
  }
}

/** When a line of the server's log was last written, in milliseconds since 1970; its clock is UTC. */
function lastTime(log: string, text: string): number {
  const line = log.split('\n').findLast((one) => one.includes(text)) ?? '';
  return Date.parse(`${line.slice(0, '2026-01-31 12:00:00.000'.length).replace(' ', 'T')}Z`);
}

/** Nothing has been paid, but the chains' and the rules' checks run over what the migrations have made. */
async function mustBeSound(dataDir: string): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', QUITTANCE_DATA_DIR: dataDir };
  await promisify(execFile)(process.execPath, [CLI, 'audit'], { env }).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`the audit found violations, so there is no figure\n${stdout ?? ''}${stderr ?? ''}`);
  });
}
