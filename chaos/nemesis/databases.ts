import { Client } from 'pg';
import type { SchemaName } from '../../src/consistency/transaction';
import { type Field, type Inflict, lasting } from './field';

/** SIGQUIT to the first process of a server is its immediate stop; it is started again, and recovers from its log. */
function stopImmediately({ stage }: Field, schema: SchemaName): void {
  const pid = stage.postgresPid(schema);
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGQUIT');
  } catch {
    // It is on its way down already.
  }
}

export const postgres: Inflict<'postgres'> = ({ schema }, field) => {
  stopImmediately(field, schema);
  return Promise.resolve();
};

/** The server stops, and until it may come back nobody gets through to it. */
export const outage: Inflict<'outage'> = async ({ schema, lastsMs }, field) => {
  const proxies = field.services.map(({ links }) => links.proxy(schema));
  for (const proxy of proxies) proxy.cut();
  stopImmediately(field, schema);
  await lasting(field, lastsMs);
  await Promise.all(proxies.map((proxy) => proxy.up()));
};

/** More than any server of ours takes. */
const CROWD = 160;

export const crowd: Inflict<'crowd'> = async ({ schema, lastsMs }, field) => {
  const strangers = Array.from({ length: CROWD }, () => stranger(field, schema));
  const connecting = Promise.allSettled(strangers.map((client) => client.connect()));
  await lasting(field, lastsMs);
  await connecting;
  await Promise.allSettled(strangers.map((client) => client.end()));
};

/** Tables that payments write in each schema. */
const BUSY_TABLE: Readonly<Record<SchemaName, string>> = {
  orders: 'orders.receipts',
  accounts: 'accounts.accounts',
  points: 'points.accounts',
  accounting: 'accounting.vouchers',
};

export const locks: Inflict<'locks'> = async ({ schema, lastsMs }, field) => {
  const client = stranger(field, schema);
  try {
    await client.connect();
    await client.query(`set lock_timeout = '${lastsMs}ms'; begin; lock table ${BUSY_TABLE[schema]} in exclusive mode`);
    await lasting(field, lastsMs);
  } catch {
    // The server is away, or somebody else held the table all the time.
  }
  await client.end().catch(() => undefined);
};

function stranger({ stage }: Field, schema: SchemaName): Client {
  const client = new Client({ connectionString: stage.urls[schema], connectionTimeoutMillis: 3_000 });
  // The server may stop at any moment.
  client.on('error', () => undefined);
  return client;
}
