import type { Databases } from '../src/consistency/transaction';
import { createAccounts } from '../src/balances/manage-accounts';
import { createChannels } from '../src/channels/manage-channels';
import { channelRegistry } from '../src/channels/registry';
import { systemClock } from '../src/core/clock';
import { type Ids, type MerchantId, createIds } from '../src/core/ids';
import { systemRandom } from '../src/core/random';
import type { Sealer } from '../src/core/sealing';
import { createMerchants } from '../src/merchants/manage-merchants';
import { createEndpoints } from '../src/notifications/manage-endpoints';
import { type CreateOrder, createCreateOrder } from '../src/orders/create-order';
import { newOrder } from '../src/orders/new-order';
import type { FeePlan } from '../src/terms/fee-plan';
import { createTerms } from '../src/terms/manage-terms';
import type { PointsRule } from '../src/terms/points-rule';
import type { BankPayment } from './bank-calls';

const CURRENCY = 'EUR';
const AMOUNT = '12.50';
/** What every merchant pays, and what its customers earn. */
export const FEE_PLAN: FeePlan = { rate: '0.014', fixed: '0.05', minimum: null, maximum: null, rounding: 'half_up' };
export const POINTS_RULE: PointsRule = { pointsPerUnit: '1', pointValue: '0.01' };
/** How many customers the payments of a run go round. */
const CUSTOMERS = 2_000;

export interface Seed {
  /** Opens merchants, each with a fee plan, a points rule and an endpoint, whose address may depend on which of them it is. */
  merchants(count: number, urlOf: (index: number) => string, secret: string): Promise<readonly MerchantId[]>;
  channel(name: string, receivingAccount: string, secret: string): Promise<void>;
  /** Creates so many open orders, one merchant after the other in turn. */
  orders(count: number, merchants: readonly MerchantId[]): Promise<readonly BankPayment[]>;
}

/** What must be there before a bank can call, made by the service's own use cases. */
export function createSeed(databases: Databases, sealer: Sealer): Seed {
  const ids = createIds(systemClock);
  const db = databases.orders;
  const merchants = createMerchants({ db, ids });
  const terms = createTerms({ db, ids });
  const endpoints = createEndpoints({ db, ids, sealer, random: systemRandom, allowPrivate: true });
  const createOrder = createCreateOrder({
    db,
    ids,
    quote: (wanted) => terms.quote(wanted),
    findAccounts: (accountIds) => createAccounts({ db: databases.accounts }).find(accountIds),
  });
  const oneMerchant = async (url: string, secret: string): Promise<MerchantId> => {
    const { id } = await merchants.create(`Bench ${ids.token()}`);
    await terms.setFeePlan({ merchantId: id, currency: CURRENCY }, FEE_PLAN);
    await terms.setPointsRule({ merchantId: id, currency: CURRENCY }, POINTS_RULE);
    await endpoints.create({ merchantId: id, url, schedule: 'standard', successRule: 'status_2xx', secret });
    return id;
  };
  return {
    merchants: async (count, urlOf, secret) => {
      const made: MerchantId[] = [];
      while (made.length < count) {
        const some = Array.from({ length: Math.min(20, count - made.length) }, (_, index) =>
          oneMerchant(urlOf(made.length + index), secret),
        );
        made.push(...(await Promise.all(some)));
      }
      return made;
    },
    channel: async (name, receivingAccount, secret) => {
      const channels = createChannels({ db, ids, sealer, registry: channelRegistry, onChange: () => undefined });
      await channels.create({
        name,
        provider: 'standard_webhooks',
        receivingAccount,
        live: true,
        merchants: 'all',
        settings: {},
        keys: [{ purpose: 'webhook_secret', secret }],
      });
    },
    orders: (count, payees) => openOrders(createOrder, ids, count, payees),
  };
}

async function openOrders(
  createOrder: CreateOrder,
  ids: Ids,
  count: number,
  merchants: readonly MerchantId[],
): Promise<readonly BankPayment[]> {
  const payments: BankPayment[] = [];
  while (payments.length < count) {
    const wanted = Array.from({ length: Math.min(1_000, count - payments.length) }, (_, index) => {
      const number = payments.length + index;
      const merchant = merchants[number % merchants.length];
      if (merchant === undefined) throw new Error('there is no merchant to open orders for');
      const body = {
        merchant_order_no: ids.token(),
        amount: AMOUNT,
        currency: CURRENCY,
        customer: `customer-${number % CUSTOMERS}`,
      };
      return createOrder(newOrder(merchant, body, undefined));
    });
    for (const created of await Promise.all(wanted)) {
      if (created.kind !== 'created') throw new Error(`an order was not created: ${created.kind}`);
      payments.push({ reference: created.order.payment_reference, amount: AMOUNT, currency: CURRENCY });
    }
  }
  return payments;
}
