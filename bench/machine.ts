import { availableParallelism, cpus, totalmem } from 'node:os';
import { Client } from 'pg';

/** What figures were measured on: without it they say little. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly node: string;
  readonly postgres: string;
  /** Of the measurement, as 2026-01-31. */
  readonly date: string;
}

export async function machineOf(serverUrl: string): Promise<Machine> {
  return {
    cores: availableParallelism(),
    cpu: (cpus()[0]?.model ?? 'unknown').trim(),
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    node: process.versions.node,
    postgres: await serverVersion(serverUrl),
    date: new Date().toISOString().slice(0, 10),
  };
}

async function serverVersion(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ version: string }>(`select current_setting('server_version') as version`);
  await client.end();
  return rows[0]?.version ?? 'unknown';
}

export function formatMachine({ cores, cpu, memoryGb, node, postgres, date }: Machine): string {
  const core = cores === 1 ? 'core' : 'cores';
  return `${cores} ${core} (${cpu}), ${memoryGb} GB, Node ${node}, PostgreSQL ${postgres}, ${date}`;
}
