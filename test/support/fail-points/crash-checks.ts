import type { MerchantServer } from '../merchant-server';
import type { Merchant, World } from '../world';
import type { Acknowledged, CrashLoad, Payment } from './crash-load';

interface Standing {
  readonly reference: string;
  readonly status: string;
  /** Attempts that went through. */
  readonly confirmed: string;
  readonly credits: readonly string[];
  readonly granted: readonly string[];
  readonly vouchers: string;
}

/** How the payments stand that the service knows of: what was credited and granted, and how often they are in the books. */
async function standingOf(world: World, payments: readonly Payment[]): Promise<ReadonlyMap<string, Standing>> {
  const rows = await world.query<Standing>(
    `select r.provider_reference as reference, r.status,
            (select count(*) from orders.global_transactions t where t.receipt_id = r.id and t.status = 'confirmed') as confirmed,
            array(select a.kind || ' ' || e.amount from orders.global_transactions t
                    join accounts.entries e on e.gid = t.gid join accounts.accounts a on a.id = e.account_id
                   where t.receipt_id = r.id order by 1) as credits,
            array(select e.amount::text from orders.global_transactions t join points.entries e on e.gid = t.gid
                   where t.receipt_id = r.id order by 1) as granted,
            (select count(*) from accounting.vouchers v where v.receipt_id = r.id) as vouchers
       from orders.receipts r where r.provider_reference = any($1::text[])`,
    [payments.map((one) => one.reference)],
  );
  return new Map(rows.map((row) => [row.reference, row]));
}

/** What a bank was told survives: the money of every acknowledged call is decided, whatever the process had still to do. */
export async function mustBeDecided(world: World, acknowledged: Acknowledged): Promise<void> {
  const payments = [...acknowledged].flatMap((call) => call.payments);
  const standing = await standingOf(world, payments);
  const statuses = payments.map((one) => standing.get(one.reference)?.status);
  expect(statuses.filter((status) => status !== 'decided' && status !== 'settled')).toEqual([]);
}

/** Every payment is settled exactly once, as it should be; one that was not acknowledged may not be there at all. */
export async function mustBeSettledOrAbsent(world: World, load: CrashLoad, acknowledged: Acknowledged): Promise<void> {
  const standing = await standingOf(world, load.payments);
  const known = new Set([...acknowledged].flatMap((call) => call.payments));
  for (const one of load.payments) {
    const found = standing.get(one.reference);
    if (found === undefined && !known.has(one)) continue;
    expect(found).toEqual(settled(one));
  }
}

export async function mustBeSettled(world: World, load: CrashLoad): Promise<void> {
  const standing = await standingOf(world, load.payments);
  expect(load.payments.map((one) => standing.get(one.reference))).toEqual(load.payments.map(settled));
}

function settled({ reference, credits, granted }: Payment): Standing {
  return { reference, status: 'settled', confirmed: '1', credits, granted, vouchers: '1' };
}

/** Each order is what became of it, once, and its merchant has been told so. */
export async function mustBeTold(
  world: World,
  load: CrashLoad,
  merchant: Merchant,
  server: MerchantServer,
): Promise<void> {
  const isLate = (one: Payment): boolean => one.credits.some((credit) => credit.startsWith('suspense'));
  const ends = new Map<string, string>([
    ...load.payments.map((one) => [one.order.id as string, isLate(one) ? 'closed' : 'paid'] as const),
    [load.closing.id as string, 'closed'],
    [load.expiring.id as string, 'expired'],
  ]);
  const rows = await world.query<{ order: string; status: string; types: string[]; told: string[]; ids: string[] }>(
    `select 'ord_' || o.id as "order", o.status, array_agg(n.type) as types, array_agg(n.status) as told,
            array_agg('ntf_' || n.id) as ids
       from orders.orders o join orders.notifications n on n.order_id = o.id
      where 'ord_' || o.id = any($1::text[]) group by o.id`,
    [[...ends.keys()]],
  );
  const received = new Set(server.received.map(({ id }) => id));
  const found = rows.map(({ ids, ...row }) => ({ ...row, heard: ids.every((id) => received.has(id)) }));
  const wanted = [...ends].map(([order, status]) => ({
    ...{ order, status, types: [`order.${status}`], told: ['delivered'], heard: true },
  }));
  const byOrder = (one: { order: string }, other: { order: string }): number => (one.order < other.order ? -1 : 1);
  expect(found.sort(byOrder)).toEqual(wanted.sort(byOrder));
  const { data } = await world.v1(merchant, 'get', '/orders?limit=100');
  const created = data.filter(
    (order: { merchant_order_no: string }) => order.merchant_order_no === load.creating.number,
  );
  expect(created).toHaveLength(1);
}
