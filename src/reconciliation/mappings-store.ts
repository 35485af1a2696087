import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { ChannelId } from '../core/ids';
import type { ChannelMapping } from './mapping-schemas';

export interface MappingRow {
  readonly file: unknown;
  readonly rules: unknown;
  readonly updated_at: Date;
}

const SET = statement(
  'orders.statement_mappings.set',
  `insert into orders.statement_mappings (channel_id, file, rules) values ($1, $2, $3)
   on conflict (channel_id) do update set file = excluded.file, rules = excluded.rules, updated_at = clock_timestamp()
   returning file, rules, updated_at`,
);
const FIND = statement(
  'orders.statement_mappings.find',
  'select file, rules, updated_at from orders.statement_mappings where channel_id = $1',
);
const CHANNELS_THAT_WAIT = statement(
  'orders.reconciliation_pool.channels',
  `select c.id, c.name, coalesce(m.rules, '{}') as rules
     from orders.channels c left join orders.statement_mappings m on m.channel_id = c.id
    where exists (select 1 from orders.reconciliation_pool p where p.channel_id = c.id and p.status <> 'ended')
      and not exists (select 1 from orders.statement_runs r
                       where r.channel_id = c.id and r.status in ('staged', 'matching'))
    order by c.id`,
);

export const mappingsStore = {
  set: async (tx: Tx<'orders'>, channel: ChannelId, mapping: ChannelMapping): Promise<MappingRow> => {
    const [row] = await tx.query<MappingRow>(SET, [
      channel,
      JSON.stringify(mapping.file),
      JSON.stringify(mapping.rules),
    ]);
    if (row === undefined) throw new Error('the mapping was written and not returned');
    return row;
  },
  find: async (db: Queryable<'orders'>, channel: ChannelId): Promise<MappingRow | undefined> =>
    (await db.query<MappingRow>(FIND, [channel]))[0],
  /** The channels where something waits in a pool and no run will look at it by itself. */
  channelsThatWait: (db: Queryable<'orders'>): Promise<{ id: ChannelId; name: string; rules: unknown }[]> =>
    db.query(CHANNELS_THAT_WAIT),
};
