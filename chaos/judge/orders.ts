import type { SentPayment } from '../bank';
import { type Body } from '../caller';
import { enrolledMerchant, textOf } from '../scenery';
import type { PlacedOrder } from '../teller';
import { MERCHANTS } from '../world';
import { type Case, type JudgedOrder, fits } from './case';

/** Reads every order as its merchant does, and compares it with what was paid for it and what the merchant has done. */
export async function judgeOrders(known: Case): Promise<readonly JudgedOrder[]> {
  const statuses = new Map<string, string>();
  await Promise.all(MERCHANTS.map(({ key }) => readOrders(known, key, statuses)));
  const byReference = paymentsByReference(known.payments);
  return known.placed.map((order) => {
    const status = statuses.get(order.id) ?? 'missing';
    const judged = { order, status, payments: byReference.get(order.reference) ?? [] };
    judgeOne(known, judged);
    return judged;
  });
}

/** All orders and all events of one merchant: nothing that it has not ordered, and each end once. */
async function readOrders({ scenery, placed, findings }: Case, key: string, into: Map<string, string>): Promise<void> {
  const { caller } = enrolledMerchant(scenery.merchants, key);
  const own = new Set(placed.filter(({ story }) => story.merchant.key === key).map(({ id }) => id));
  const [orders, events] = await Promise.all([caller.list('/v1/orders'), caller.list('/v1/events')]);
  for (const row of orders) {
    const id = textOf(row, 'id');
    if (!own.has(id)) findings.add('doubled', `${key} has an order ${id} that it was never told of`);
    into.set(id, textOf(row, 'status'));
  }
  const ended = new Map<string, string>();
  for (const event of events) {
    const { id, status } = event['data'] as Body & { readonly id: string; readonly status: string };
    if (ended.has(id)) findings.add('doubled', `${key} has two events of ${id}`);
    ended.set(id, status);
  }
  for (const id of own) {
    const status = into.get(id) ?? 'missing';
    const event = ended.get(id);
    if (status !== 'open' && event !== status) {
      findings.add('lost', `${id} is ${status}, and its event says ${event ?? 'nothing'}`);
    }
  }
}

function paymentsByReference(payments: Case['payments']): ReadonlyMap<string, readonly SentPayment[]> {
  const found = new Map<string, SentPayment[]>();
  for (const payment of payments.values()) {
    if (payment.reference === undefined) continue;
    const others = found.get(payment.reference);
    if (others === undefined) found.set(payment.reference, [payment]);
    else others.push(payment);
  }
  return found;
}

function judgeOne({ findings }: Case, { order, status, payments }: JudgedOrder): void {
  const name = nameOf(order);
  const isPaid = payments.some((payment) => payment.acknowledged && fits(order, payment));
  const { scenario } = order.story;
  switch (status) {
    case 'paid':
      if (!payments.some((payment) => fits(order, payment)))
        findings.add('forged', `${name} is paid, and nobody has paid it`);
      if (order.closed) findings.add('disagreement', `${name} is paid after its merchant was told that it is closed`);
      return;
    case 'open':
      if (isPaid) findings.add('lost', `${name} is open although its payment was acknowledged`);
      if (order.closed) findings.add('lost', `${name} is open after its merchant was told that it is closed`);
      return;
    case 'closed':
      if (!['closed', 'close_race'].includes(scenario)) findings.add('disagreement', `${name} is closed by nobody`);
      return;
    case 'expired':
      if (scenario !== 'expiring') findings.add('disagreement', `${name} is expired and has no end`);
      return;
    default:
      findings.add('lost', `${name} is ${status}`);
  }
}

export function nameOf({ id, story }: PlacedOrder): string {
  return `order ${id} (${story.scenario} ${story.number} of ${story.merchant.key})`;
}
