import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { FloorScript } from './floor-sql';

export interface Transactions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly script: FloorScript;
}

/** Runs a script as one transaction after the other on so many connections. @returns transactions per second */
export type Transactor = (transactions: Transactions) => Promise<number>;

/** PostgreSQL's own load generator, where this machine has one: Debian keeps it outside of PATH. */
export function findPgbench(): string | undefined {
  const candidates = ['pgbench', ...versionFolders().map((folder) => join(folder, 'bin', 'pgbench'))];
  return candidates.find((path) => spawnSync(path, ['--version']).status === 0);
}

function versionFolders(): readonly string[] {
  const root = '/usr/lib/postgresql';
  try {
    return readdirSync(root)
      .sort((one, other) => Number(other) - Number(one))
      .map((version) => join(root, version));
  } catch {
    return [];
  }
}

export function pgbenchTransactor(pgbench: string): Transactor {
  return async ({ url, connections, seconds, script }) => {
    const folder = mkdtempSync(join(tmpdir(), 'quittance-floor-'));
    const file = join(folder, 'floor.sql');
    const draws = script.drawn.map(({ name, most }) => `\\set ${name} random(1, ${most})`);
    const statements = script.statements.map((sql) => `${sql.replaceAll(/\s+/g, ' ')};`);
    writeFileSync(file, [...draws, 'begin;', ...statements, 'commit;', ''].join('\n'));
    const target = new URL(url);
    const args = ['--no-vacuum', '--protocol=prepared', `--client=${connections}`, '--jobs=2', `--time=${seconds}`];
    const where = ['-h', target.hostname, '-p', target.port, '-U', target.username, target.pathname.slice(1)];
    try {
      const env = { PATH: process.env['PATH'] ?? '', PGPASSWORD: decodeURIComponent(target.password) };
      const { stdout } = await promisify(execFile)(pgbench, [...args, `--file=${file}`, ...where], { env });
      const perSecond = /tps = ([\d.]+)/.exec(stdout)?.[1];
      if (perSecond === undefined) throw new Error(`pgbench said nothing of transactions per second:\n${stdout}`);
      return Number(perSecond);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** The same through Node's driver, which itself takes a part of the machine: a lower floor, and the report says so. */
export const driverTransactor: Transactor = async ({ url, connections, seconds, script }) => {
  const clients = Array.from({ length: connections }, () => new Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const prepared = script.statements.map((sql, index) => prepare(sql, index, script));
  const until = performance.now() + seconds * 1_000;
  let done = 0;
  const transact = async (client: Client): Promise<void> => {
    while (performance.now() < until) {
      const drawn = new Map(script.drawn.map(({ name, most }) => [name, 1 + Math.floor(Math.random() * most)]));
      await client.query('begin');
      for (const { name, text, names } of prepared) {
        await client.query({ name, text, values: names.map((one) => drawn.get(one)) });
      }
      await client.query('commit');
      done += 1;
    }
  };
  await Promise.all(clients.map(transact));
  await Promise.all(clients.map((client) => client.end()));
  return done / seconds;
};

/** `:order` becomes `$1`; casts (`::bigint`) stay. */
function prepare(sql: string, index: number, script: FloorScript): { name: string; text: string; names: string[] } {
  const names: string[] = [];
  const known = new Set(script.drawn.map((one) => one.name));
  const text = sql.replace(/(?<!:):([a-z]+)\b/g, (whole, name: string) => {
    if (!known.has(name)) return whole;
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { name: `floor_${index}`, text, names };
}
