import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { ChannelId } from '../core/ids';
import type { MatchingRules } from './mapping-schemas';
import type { ReconciledChannel, RunId, RunRow, Step } from './run';
import type { Reason } from './statement-line';

const COLUMNS = `r.id, r.channel_id, c.name as channel, r.kind, r.statement_date, r.file_name, r.file_hash, r.file_bytes,
  r.lines, r.rules, r.status, r.step, r.reasons, r.totals, r.attempts, r.last_error, r.created_at, r.ended_at`;
const FROM = 'from orders.statement_runs r join orders.channels c on c.id = r.channel_id';

/** A run that is being received says so with each list of lines; after this long in silence its process is gone. */
const RECEIVING_LEASE_SECONDS = 60;

const INSERT = statement(
  'orders.statement_runs.insert',
  `insert into orders.statement_runs (id, channel_id, kind, statement_date, file_name, rules, status, next_try_at)
   values ($1, $2, $3, coalesce($4::date, (clock_timestamp() at time zone ($6::jsonb ->> 'time_zone'))::date), $5, $6, $7,
           clock_timestamp() + $8::int * interval '1 second')`,
);
const RECEIVED_MORE = statement(
  'orders.statement_runs.received_more',
  `update orders.statement_runs set next_try_at = clock_timestamp() + $2::int * interval '1 second'
    where id = $1 and status = 'receiving' returning id`,
);
const STAGE = statement(
  'orders.statement_runs.stage',
  `update orders.statement_runs
      set status = 'staged', file_hash = $2, file_bytes = $3, lines = $4, next_try_at = clock_timestamp()
    where id = $1 and status = 'receiving' returning id`,
);
const QUARANTINE = statement(
  'orders.statement_runs.quarantine',
  `update orders.statement_runs
      set status = 'quarantined', file_hash = coalesce($2, file_hash), file_bytes = coalesce($3::bigint, file_bytes),
          reasons = $4, lines = 0, ended_at = clock_timestamp(), lease_token = null
    where id = $1 and status = 'receiving' returning id`,
);
const MOVE = statement(
  'orders.statement_runs.move',
  `update orders.statement_runs
      set status = 'matching', step = $2, position = $3, last_error = null,
          next_try_at = clock_timestamp() + $4::int * interval '1 millisecond'
    where id = $1`,
);
const FINISH = statement(
  'orders.statement_runs.finish',
  `update orders.statement_runs r
      set status = 'done', step = null, ended_at = clock_timestamp(), lease_token = null, last_error = null,
          totals = coalesce((
            select jsonb_agg(t order by t.class, t.currency) from (
              select class, currency, count(*)::int as count, sum(amount)::text as amount, sum(fee)::text as fee,
                     sum(fee - expected_fee)::text as fee_variance
                from orders.reconciliation_results where run_id = $1 group by class, currency) t), '[]')
    where r.id = $1`,
);
const FIND = statement('orders.statement_runs.find', `select ${COLUMNS} ${FROM} where r.id = $1`);
const FIND_FILE = statement(
  'orders.statement_runs.find_file',
  `select ${COLUMNS} ${FROM} where r.channel_id = $1 and r.file_hash = $2 and r.status <> 'quarantined'`,
);
const LIST = statement(
  'orders.statement_runs.list',
  `select ${COLUMNS} ${FROM}
    where ($1::text is null or c.name = $1) and ($2::text is null or r.status = $2) and ($3::uuid is null or r.id < $3)
    order by r.id desc limit $4`,
);
const DELETE_RUN = statement('orders.statement_runs.delete', `delete from orders.statement_runs where id = $1`);
const DELETE_LINES = statement('orders.statement_lines.delete', 'delete from orders.statement_lines where run_id = $1');
const CHANNEL = statement(
  'orders.channels.reconciled',
  'select id, name, provider, receiving_account from orders.channels where name = $1',
);
const CHANNEL_OF_RUN = statement(
  'orders.channels.of_run',
  `select c.id, c.name, c.provider, c.receiving_account
     from orders.statement_runs r join orders.channels c on c.id = r.channel_id where r.id = $1`,
);

export interface NewRun {
  readonly id: RunId;
  readonly channelId: ChannelId;
  readonly kind: 'statement' | 'examination';
  /** Null for today where the channel is. */
  readonly date: string | null;
  readonly fileName: string | null;
  readonly rules: MatchingRules;
}

export const runsStore = {
  insert: async (tx: Tx<'orders'>, run: NewRun): Promise<void> => {
    const isStatement = run.kind === 'statement';
    await tx.query(INSERT, [
      run.id,
      run.channelId,
      run.kind,
      run.date,
      run.fileName,
      JSON.stringify(run.rules),
      isStatement ? 'receiving' : 'staged',
      isStatement ? RECEIVING_LEASE_SECONDS : 0,
    ]);
  },
  /** False where the run is not being received any more. */
  receivedMore: async (tx: Tx<'orders'>, id: RunId): Promise<boolean> =>
    (await tx.query(RECEIVED_MORE, [id, RECEIVING_LEASE_SECONDS])).length === 1,
  /** False as above. Violates `statement_runs_file` where the channel has this file already. */
  stage: async (
    tx: Tx<'orders'>,
    id: RunId,
    file: { readonly hash: string; readonly bytes: number; readonly lines: number },
  ): Promise<boolean> => (await tx.query(STAGE, [id, file.hash, file.bytes, file.lines])).length === 1,
  quarantine: async (
    tx: Tx<'orders'>,
    id: RunId,
    file: { readonly hash: string; readonly bytes: number } | undefined,
    reasons: readonly Reason[],
  ): Promise<boolean> => {
    const rows = await tx.query(QUARANTINE, [id, file?.hash ?? null, file?.bytes ?? null, JSON.stringify(reasons)]);
    if (rows.length === 1) await tx.query(DELETE_LINES, [id]);
    return rows.length === 1;
  },
  /** Goes on to a step, or on in it, and holds the run for so long. */
  move: async (tx: Tx<'orders'>, id: RunId, to: { step: Step; position: string }, leaseMs: number): Promise<void> => {
    await tx.query(MOVE, [id, to.step, to.position, leaseMs]);
  },
  /** Counts the results per class and currency, and ends the run. */
  finish: async (tx: Tx<'orders'>, id: RunId): Promise<void> => {
    await tx.query(FINISH, [id]);
  },
  /** Takes away a run that turned out to be of a file which is there already. */
  forget: async (tx: Tx<'orders'>, id: RunId): Promise<void> => {
    await tx.query(DELETE_LINES, [id]);
    await tx.query(DELETE_RUN, [id]);
  },
  find: async (db: Queryable<'orders'>, id: RunId): Promise<RunRow | undefined> =>
    (await db.query<RunRow>(FIND, [id]))[0],
  findFile: async (db: Queryable<'orders'>, channel: ChannelId, hash: string): Promise<RunRow | undefined> =>
    (await db.query<RunRow>(FIND_FILE, [channel, hash]))[0],
  /** Newest first. */
  list: (
    db: Queryable<'orders'>,
    filter: { channel: string | undefined; status: string | undefined; after: string | undefined; limit: number },
  ): Promise<RunRow[]> =>
    db.query<RunRow>(LIST, [filter.channel ?? null, filter.status ?? null, filter.after ?? null, filter.limit]),
  channel: async (db: Queryable<'orders'>, name: string): Promise<ReconciledChannel | undefined> =>
    (await db.query<ReconciledChannel>(CHANNEL, [name]))[0],
  channelOfRun: async (db: Queryable<'orders'>, id: RunId): Promise<ReconciledChannel | undefined> =>
    (await db.query<ReconciledChannel>(CHANNEL_OF_RUN, [id]))[0],
};
