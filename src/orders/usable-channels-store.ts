import { columnsOf } from '../consistency/columns';
import { type Queryable, statement } from '../consistency/transaction';
import type { MerchantId } from '../core/ids';

export interface WantedChannel {
  readonly merchantId: MerchantId;
  readonly name: string;
}

const FIND_USABLE = statement(
  'orders.channels.find_usable',
  `select w.merchant_id, w.name
     from unnest($1::uuid[], $2::text[]) as w(merchant_id, name)
     join orders.channels c on c.name = w.name and c.status = 'active'
    where c.serves_all
       or exists (select 1 from orders.channel_merchants m where m.channel_id = c.id and m.merchant_id = w.merchant_id)`,
);
const wantedColumns = columnsOf<WantedChannel>(
  (one) => one.merchantId,
  (one) => one.name,
);

/** Those among the wanted channels that exist, are active and serve the merchant. */
export async function findUsableChannels(
  db: Queryable<'orders'>,
  wanted: readonly WantedChannel[],
): Promise<WantedChannel[]> {
  if (wanted.length === 0) return [];
  const rows = await db.query<{ merchant_id: MerchantId; name: string }>(FIND_USABLE, wantedColumns(wanted));
  return rows.map((row) => ({ merchantId: row.merchant_id, name: row.name }));
}
