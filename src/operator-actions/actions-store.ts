import { columnsOf } from '../consistency/columns';
import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { ChainedRecord } from './chain';

/** A record as it is stored. */
export interface RecordRow extends ChainedRecord {
  readonly hash: string;
  readonly key_id: string;
  readonly signature: string;
}

export interface Head {
  /** The number of the newest record; "0" where there is none. */
  readonly number: string;
  readonly hash: string | null;
  /** The database's present, RFC 3339 in UTC with six decimals. */
  readonly now: string;
}

/** The columns of a record with their types, in the order in which they are written and read. */
const COLUMNS = {
  number: 'bigint',
  kind: 'text',
  action_id: 'uuid',
  at: 'timestamptz',
  operator: 'text',
  operation: 'text',
  method: 'text',
  path: 'text',
  query: 'text',
  body: 'text',
  content_type: 'text',
  content_length: 'bigint',
  content_digest: 'text',
  request_id: 'text',
  trace_id: 'text',
  client_address: 'text',
  idempotency_key: 'text',
  status: 'integer',
  problem: 'text',
  created: 'text',
  replayed: 'boolean',
  previous_hash: 'text',
  hash: 'text',
  key_id: 'text',
  signature: 'text',
} as const satisfies Partial<Record<keyof RecordRow, string>>;
const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const UTC = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

const LOCK_HEAD = statement(
  'orders.operator_actions.lock_head',
  `select pg_advisory_xact_lock(hashtextextended('quittance operator actions', 0))`,
);
const READ_HEAD = statement(
  'orders.operator_actions.read_head',
  `select coalesce(h.number, 0)::text as number, h.hash, to_char(clock_timestamp() at time zone 'UTC', ${UTC}) as now
     from (select 1) as always
     left join (select number, hash from orders.operator_actions order by number desc limit 1) h on true`,
);
/** Subjects are lists of different lengths, which an array of arrays cannot hold: they come as JSON. */
const INSERT = statement(
  'orders.operator_actions.insert',
  `insert into orders.operator_actions (${NAMES.join(', ')}, subjects)
   select ${NAMES.map((name) => `n.${name}`).join(', ')}, array(select jsonb_array_elements_text(n.subjects))
     from unnest(${NAMES.map((name, index) => `$${index + 1}::${COLUMNS[name]}[]`).join(', ')}, $${NAMES.length + 1}::jsonb[])
       as n(${NAMES.join(', ')}, subjects)`,
);
const recordColumns = columnsOf<RecordRow>(...NAMES.map((name) => (record: RecordRow) => record[name]), (record) =>
  JSON.stringify(record.subjects),
);
const PAGE = statement(
  'orders.operator_actions.page',
  `select ${NAMES.filter((name) => name !== 'at').join(', ')}, subjects, to_char(at at time zone 'UTC', ${UTC}) as at
     from orders.operator_actions where number > $1::bigint order by number limit $2`,
);

/** Writing the record, and reading it in its order. */
export const actionsStore = {
  /** Until the end of the transaction nobody else adds to the record. */
  lockHead: async (tx: Tx<'orders'>): Promise<void> => {
    await tx.query(LOCK_HEAD);
  },
  readHead: async (tx: Tx<'orders'>): Promise<Head> => {
    const [head] = await tx.query<Head>(READ_HEAD);
    if (head === undefined) throw new Error('the head of the record was not read');
    return head;
  },
  insert: async (tx: Tx<'orders'>, records: readonly RecordRow[]): Promise<void> => {
    await tx.query(INSERT, recordColumns(records));
  },
  /** In their order. */
  page: (db: Queryable<'orders'>, after: string, limit: number): Promise<RecordRow[]> => db.query(PAGE, [after, limit]),
};
