import { type Queryable, type Tx, statement } from '../consistency/transaction';
import { utc } from './vouchers-store';

export interface PointRow {
  /** A bigint as a decimal string; null where there is no link yet. */
  readonly number: string | null;
  readonly hash: string | null;
  readonly posted_at: string | null;
}

export interface InstantRow {
  /** The instant that was asked for, and what is left of it, in UTC with six decimals. */
  readonly asked: string;
  readonly instant: string;
  readonly is_future: boolean;
  /** A link that was posted later is there: no further one can come before it. */
  readonly is_closed: boolean;
}

const COLUMNS = `number, hash, ${utc('created_at')} as posted_at`;

const HEAD = statement('accounting.links.head', `select ${COLUMNS} from accounting.links order by number desc limit 1`);

const LAST_UP_TO = statement(
  'accounting.links.last_up_to',
  `select ${COLUMNS} from accounting.links where created_at <= $1::timestamptz order by created_at desc limit 1`,
);

const LOOK_AT = statement(
  'accounting.links.look_at_instant',
  `select ${utc('i.asked')} as asked, ${utc('i.instant')} as instant, i.instant > clock_timestamp() as is_future,
          coalesce((select created_at from accounting.links order by number desc limit 1) > i.instant, false) as is_closed
     from (select a.asked, a.asked - $2::bigint * interval '1 microsecond' as instant
             from (select coalesce($1::timestamptz, clock_timestamp()) as asked) a) i`,
);

const CLOSE = statement(
  'accounting.horizon.close',
  'update accounting.horizon set instant = $1::timestamptz where instant < $1::timestamptz',
);

const NOTHING: PointRow = { number: null, hash: null, posted_at: null };

export const booksPointStore = {
  head: async (db: Queryable<'accounting'>): Promise<PointRow> => (await db.query<PointRow>(HEAD))[0] ?? NOTHING,
  lastUpTo: async (db: Queryable<'accounting'>, instant: string): Promise<PointRow> =>
    (await db.query<PointRow>(LAST_UP_TO, [instant]))[0] ?? NOTHING,
  /** @param at undefined for the database's present; `earlierBy` microseconds are taken off it */
  lookAt: async (db: Queryable<'accounting'>, at: string | undefined, earlierBy: 0 | 1): Promise<InstantRow> => {
    const [row] = await db.query<InstantRow>(LOOK_AT, [at ?? null, earlierBy]);
    if (row === undefined) throw new Error('an instant gave no row');
    return row;
  },
  /** Under the lock on the head: whatever is posted from now on is posted after the instant. */
  close: async (tx: Tx<'accounting'>, instant: string): Promise<void> => {
    await tx.query(CLOSE, [instant]);
  },
};
