import { performance } from 'node:perf_hooks';
import { Client } from 'pg';
import { createCheckpointSweep } from '../../src/accounting/make-checkpoint';
import { statement } from '../../src/consistency/transaction';
import type { MerchantId } from '../../src/core/ids';
import { MONTHLY, type MonthlyTable, monthsSince } from '../../test/support/past-months';
import type { BenchDatabase } from '../stage';
import { createBooks } from './books';
import { type CopyTarget, openCopy } from './copy-table';
import { layAside } from './laid-aside';
import { type Ledger, type Payee, fourDecimals } from './ledger';
import { type Channel, type Cleaned, type Kept, type Payments, createPayments } from './payment';
import { TABLES, TABLE_NAMES, type Table } from './tables';

export interface History {
  /** How many orders were paid. */
  readonly orders: number;
  /** Over how many days until now they are spread evenly. */
  readonly days: number;
  /** Whether nothing of it has been cleaned by retention; else it is as the defaults of `RETENTION_*_DAYS` leave it. */
  readonly keepAll: boolean;
}

export interface Filled {
  readonly rows: Readonly<Record<string, number>>;
  readonly seconds: {
    readonly copy: number;
    readonly indexes: number;
    readonly vacuum: number;
    readonly checkpoints: number;
  };
}

const DAY_MS = 86_400_000;
/** As `RETENTION_DEFAULTS` has it, and the last order is so old that everything about it is done. */
const KEPT_DAYS = { transactions: 90, holds: 180, attempts: 90 };
const UNTIL_NOW_MS = 300_000;
/** So many payments are written before the copies are waited for. */
const ROUND = 200;

/**
 * Fills a migrated database without orders with a history of paid orders of these merchants through this channel, as the
 * service would have left it: every table of all four schemas, balances and books that tie, and a chain that holds.
 */
export async function fillHistory(
  { url, pools, sealer }: Pick<BenchDatabase, 'url' | 'pools' | 'sealer'>,
  { channel, merchants }: { readonly channel: string; readonly merchants: readonly MerchantId[] },
  history: History,
  tell: (line: string) => void,
): Promise<Filled> {
  const client = new Client({ connectionString: url, application_name: 'quittance bench load' });
  await client.connect();
  try {
    const parties = await readParties(client, channel, merchants);
    const since = new Date(Date.now() - (history.days + 1) * DAY_MS).toISOString();
    for (const table of Object.keys(MONTHLY) as MonthlyTable[])
      await monthsSince((sql) => client.query(sql), table, since);
    const { restore } = await layAside(client, TABLE_NAMES);
    const copied = await timed(() => copyAll(url, sealer, parties, history, tell));
    const { rows, payments } = copied.result;
    await writeAccounts(client, payments);
    tell(`copied in ${copied.seconds.toFixed(0)} s; building indexes`);
    const indexes = await timed(() => inParallel(url, restore));
    tell(`indexes built in ${indexes.seconds.toFixed(0)} s; vacuum`);
    const vacuum = await timed(() => client.query('vacuum (freeze, analyze)'));
    const sweep = createCheckpointSweep({ db: pools.databases.accounting });
    const checkpoints = await timed(async () => {
      while ((await sweep()) > 0);
    });
    await client.query('vacuum (analyze) accounting.checkpoint_balances');
    await client.query('checkpoint');
    const seconds = {
      ...{ copy: copied.seconds, indexes: indexes.seconds },
      ...{ vacuum: vacuum.seconds, checkpoints: checkpoints.seconds },
    };
    return { rows, seconds };
  } finally {
    await client.end();
  }
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - startedAt) / 1_000 };
}

interface Parties {
  readonly channel: Channel;
  readonly payees: readonly Payee[];
}

async function readParties(client: Client, name: string, merchants: readonly MerchantId[]): Promise<Parties> {
  const { rows: orders } = await client.query('select from orders.orders limit 1');
  if (orders.length > 0) throw new Error('a history is written into a database without orders');
  const { rows: channels } = await client.query<Channel>(
    'select id, name, provider, receiving_account as "receivingAccount" from orders.channels where name = $1',
    [name],
  );
  const { rows: payees } = await client.query<Payee>(
    `select merchant_id as "merchantId", id as "endpointId" from orders.notification_endpoints
      where merchant_id = any($1::uuid[]) order by merchant_id`,
    [merchants],
  );
  const [channel] = channels;
  if (channel === undefined || payees.length === 0) throw new Error(`there is no channel ${name} with merchants`);
  return { channel, payees };
}

async function copyAll(
  url: string,
  sealer: BenchDatabase['sealer'],
  { channel, payees }: Parties,
  history: History,
  tell: (line: string) => void,
): Promise<{ rows: Record<string, number>; payments: Payments }> {
  const until = Date.now() - UNTIL_NOW_MS;
  const stepMs = (history.days * DAY_MS) / history.orders;
  const copies = await openAll(url);
  const write = (table: Table, row: readonly string[]): void => {
    copies[table].row(row);
  };
  const payments = createPayments(payees, channel, keptSince(until, history), write);
  const books = createBooks(sealer, write);
  try {
    for (let number = 0; number < history.orders; number += 1) {
      books.post(payments.write(number, Math.round(until - (history.orders - number) * stepMs)));
      if (number % ROUND === 0) for (const table of TABLE_NAMES) await copies[table].flushed();
      if (number % 100_000 === 0 && number > 0) tell(`${number} of ${history.orders} orders`);
    }
    books.end();
    const rows: Record<string, number> = {};
    for (const table of TABLE_NAMES) rows[table] = await copies[table].end();
    return { rows, payments };
  } catch (error) {
    await Promise.all(TABLE_NAMES.map((table) => copies[table].abort()));
    throw error;
  }
}

async function openAll(url: string): Promise<Record<Table, CopyTarget>> {
  const opened = await Promise.all(
    TABLE_NAMES.map(async (table) => [table, await openCopy(url, table, TABLES[table])] as const),
  );
  return Object.fromEntries(opened) as Record<Table, CopyTarget>;
}

function keptSince(until: number, { keepAll }: History): Kept {
  const since = (days: number): number => (keepAll ? 0 : until - days * DAY_MS);
  return {
    transactionsSince: since(KEPT_DAYS.transactions),
    holdsSince: since(KEPT_DAYS.holds),
    attemptsSince: since(KEPT_DAYS.attempts),
  };
}

/** Accounts as their last entries have left them, and how far retention has cleaned. */
async function writeAccounts(client: Client, { funds, points, cleaned }: Payments): Promise<void> {
  const insert = async (schema: 'accounts' | 'points', { accounts }: Ledger): Promise<void> => {
    const all = [...accounts.values()];
    await client.query(
      `insert into ${schema}.accounts (id, code, kind, owner, unit, balance, entry_count, created_at)
       select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::bigint[],
                            $8::timestamptz[])`,
      [
        ...[all.map((one) => one.id), all.map((one) => one.code), all.map((one) => one.kind)],
        ...[all.map((one) => one.owner), all.map((one) => one.unit)],
        ...[all.map((one) => fourDecimals(one.balance)), all.map((one) => one.entries), all.map((one) => one.openedAt)],
      ],
    );
  };
  await insert('accounts', funds);
  await insert('points', points);
  const mark = async (table: string, kind: string, { through, count }: Cleaned): Promise<void> => {
    if (count === 0) return;
    await client.query(`insert into ${table} (kind, through, cleaned) values ($1, $2, $3)`, [kind, through, count]);
  };
  await mark('orders.retention_marks', 'transactions', cleaned.transactions);
  await mark('orders.retention_marks', 'attempts', cleaned.attempts);
  await mark('accounts.retention_marks', 'holds', cleaned.accounts);
  await mark('points.retention_marks', 'holds', cleaned.points);
}

/** Statements over two connections: PostgreSQL's own workers share the rest of the machine. */
async function inParallel(url: string, statements: readonly string[]): Promise<void> {
  const waiting = [...statements];
  const work = async (): Promise<void> => {
    const client = new Client({ connectionString: url, application_name: 'quittance bench load' });
    await client.connect();
    try {
      await client.query(`set maintenance_work_mem = '512MB'`);
      for (let sql = waiting.shift(); sql !== undefined; sql = waiting.shift()) await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await Promise.all([work(), work()]);
}

/** How large the tables of a database are with their indexes, in bytes, partitions with their table. */
export const SIZES = statement(
  'bench.sizes',
  `select coalesce(p.root, c.oid::regclass)::text as table, sum(pg_table_size(c.oid))::bigint::text as "tableBytes",
          sum(pg_indexes_size(c.oid))::bigint::text as "indexBytes", sum(greatest(c.reltuples, 0))::bigint::text as rows
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     left join lateral (select pg_partition_root(c.oid) as root) p on true
    where n.nspname in ('orders', 'accounts', 'points', 'accounting') and c.relkind = 'r'
    group by 1 order by sum(pg_total_relation_size(c.oid)) desc`,
);
