import { readFileSync } from 'node:fs';
import { SCHEMAS } from '../../src/consistency/transaction';
import { createTestDatabase, dropTestDatabase } from './databases';
import { type ServiceProcess, startServiceProcess } from './process';
import { serviceSetup } from './service-world';
import { type Session, openSession } from './session';
import type { World } from './world';

/** A service in a process of its own, for tests that do everything to kill it, fill it or mislead it. */
export interface AttackedService {
  readonly url: string;
  /** On the service's databases; it does no work by itself. */
  readonly world: World;
  /** Fails where the process has ended or has logged an error, which nothing that a caller sends may be. */
  mustBeWell(): void;
  /** The physical memory that the process has now, and the most that it ever had, in MiB. */
  memory(): { readonly now: number; readonly most: number };
  /** One text for everything that the four schemas hold, but in these tables (`orders.orders`). */
  state(except?: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** @param env besides where the databases are and the secrets */
export async function startAttackedService(env: Readonly<Record<string, string>>): Promise<AttackedService> {
  const databaseUrl = await createTestDatabase();
  const setup = serviceSetup({ DATABASE_URL: databaseUrl, QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: 'true', ...env });
  const service = await startServiceProcess({ env: setup.env });
  const world = await setup.look(databaseUrl);
  const session = await openSession(databaseUrl);
  await session.run(`prepare state as ${stateOf(await tablesOf(session))}`);
  return {
    url: service.url,
    world,
    mustBeWell: () => {
      mustBeWell(service);
    },
    memory: () => memoryOf(service.child.pid!),
    state: async (except = []) => {
      const [tables] = (await session.run('execute state')) as [Readonly<Record<string, string>>];
      const counted = Object.entries(tables).filter(([name]) => !except.includes(name));
      return counted.map(([name, content]) => `${name} ${content}`).join('\n');
    },
    close: async () => {
      await service.end('SIGKILL');
      await session.end();
      await world.stop();
      await dropTestDatabase(databaseUrl);
    },
  };
}

function mustBeWell({ child, output }: ServiceProcess): void {
  const errors = output()
    .split('\n')
    .filter((line) => /"level":("error"|"fatal"|[56]0)/.test(line));
  const isAlive = child.exitCode === null && child.signalCode === null;
  if (!isAlive || errors.length > 0) throw new Error(`it is not well:\n${errors.join('\n') || output()}`);
}

function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { now: read('VmRSS'), most: read('VmHWM') };
}

async function tablesOf(session: Session): Promise<readonly string[]> {
  const rows = await session.run(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname in (${SCHEMAS.map((schema) => `'${schema}'`).join(', ')}) order by 1`,
  );
  return (rows as { name: string }[]).map(({ name }) => name);
}

/** Of each table the number of its rows and a sum over their content. */
function stateOf(tables: readonly string[]): string {
  const columns = tables.map(
    (name) => `(select count(*) || ' ' || coalesce(sum(hashtext(t::text)), 0) from ${name} t) as "${name}"`,
  );
  return `select ${columns.join(', ')}`;
}
