import type { Spread } from './backends';
import { type Transactor, driverTransactor, findPgbench, pgbenchTransactor } from './transactors';
import type { Stage } from './stage';
import { FLOOR_TABLES, floorScript } from './floor-sql';
import { Client } from 'pg';
import { forAllSchemas } from '../src/database/open';
import { migrate } from '../src/database/migrations';

export interface Floor {
  readonly spread: Spread;
  readonly perSecond: number;
  readonly connections: number;
  /** What sent the transactions: pgbench where there is one, else Node's driver. */
  readonly by: 'pgbench' | 'pg';
}

const CONNECTIONS = [8, 32] as const;

/**
 * What one payment costs without any of it: one local transaction that writes the same durable rows, with prepared
 * statements, straight against the same server; the better of 8 and 32 connections.
 */
export async function measureFloor(
  stage: Stage,
  spread: Spread,
  options: { readonly merchants: number; readonly seconds: number },
): Promise<Floor> {
  const { url, drop } = await stage.emptyDatabase();
  await migrate(forAllSchemas(url));
  const merchants = spread === 'hot' ? 1 : options.merchants;
  await prepareTables(url, merchants);
  const pgbench = findPgbench();
  const transact: Transactor = pgbench === undefined ? driverTransactor : pgbenchTransactor(pgbench);
  const floors: Floor[] = [];
  for (const connections of CONNECTIONS) {
    const perSecond = await transact({
      url,
      connections,
      seconds: options.seconds,
      script: floorScript(merchants),
    });
    floors.push({ spread, perSecond, connections, by: pgbench === undefined ? 'pg' : 'pgbench' });
  }
  await drop();
  return floors.reduce((best, floor) => (floor.perSecond > best.perSecond ? floor : best));
}

async function prepareTables(url: string, merchants: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const sql of FLOOR_TABLES(merchants)) await client.query(sql);
  await client.query('vacuum analyze');
  await client.end();
}
