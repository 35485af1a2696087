import { violatedConstraint } from '../consistency/database-errors';
import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { MerchantId } from '../core/ids';

export interface MerchantRow {
  readonly id: MerchantId;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  readonly created_at: Date;
}

const COLUMNS = 'id, name, status, created_at';

const INSERT = statement(
  'orders.merchants.insert',
  `insert into orders.merchants (id, name) values ($1, $2) returning ${COLUMNS}`,
);
const FIND = statement('orders.merchants.find', `select ${COLUMNS} from orders.merchants where id = $1`);
const LIST = statement(
  'orders.merchants.list',
  `select ${COLUMNS} from orders.merchants where $1::uuid is null or id < $1 order by id desc limit $2`,
);
const SET_STATUS = statement(
  'orders.merchants.set_status',
  `update orders.merchants set status = $2 where id = $1 returning ${COLUMNS}`,
);

export async function insertMerchant(
  tx: Tx<'orders'>,
  merchant: { id: MerchantId; name: string },
): Promise<MerchantRow> {
  const [row] = await tx.query<MerchantRow>(INSERT, [merchant.id, merchant.name]);
  if (row === undefined) throw new Error('the merchant was inserted and not returned');
  return row;
}

/** True where an insert failed because another merchant has the name. */
export function nameIsTaken(error: unknown): boolean {
  return violatedConstraint(error) === 'merchants_name_key';
}

export async function findMerchant(db: Queryable<'orders'>, id: MerchantId): Promise<MerchantRow | undefined> {
  return (await db.query<MerchantRow>(FIND, [id]))[0];
}

/** Newest first, from the one after `after`. */
export function listMerchants(
  db: Queryable<'orders'>,
  after: string | undefined,
  limit: number,
): Promise<MerchantRow[]> {
  return db.query<MerchantRow>(LIST, [after ?? null, limit]);
}

export async function setMerchantStatus(
  tx: Tx<'orders'>,
  id: MerchantId,
  status: MerchantRow['status'],
): Promise<MerchantRow | undefined> {
  return (await tx.query<MerchantRow>(SET_STATUS, [id, status]))[0];
}
