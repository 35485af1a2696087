import type { Body } from '../caller';
import { textOf } from '../scenery';
import type { Case, JudgedOrder } from './case';
import { nameOf } from './orders';

/**
 * What merchants were told against what the service says that it has told them.
 * @param everybody whether each merchant that can be reached must have been told by now
 * @returns how many are still to be told, by the service's own schedule
 */
export async function judgeNotifications(
  known: Case,
  orders: readonly JudgedOrder[],
  everybody: boolean,
): Promise<number> {
  const { scenery, servers, findings } = known;
  const told = servers.told();
  const listed = new Map<string, Body[]>();
  for (const row of await scenery.operator.list('/admin/notifications')) {
    const order = textOf(row, 'order');
    listed.set(order, [...(listed.get(order) ?? []), row]);
  }
  let owed = 0;
  const placed = new Set(orders.map(({ order }) => order.id));
  for (const id of told.keys())
    if (!placed.has(id)) findings.add('forged', `a merchant was told of ${id}, which nobody has ordered`);
  for (const judged of orders) {
    const { order, status } = judged;
    const [row, ...more] = listed.get(order.id) ?? [];
    const message = told.get(order.id);
    if (more.length > 0)
      findings.add('doubled', `${nameOf(order)} has ${more.length + 1} notifications to one endpoint`);
    if (message !== undefined) judgeMessage(known, judged, row);
    if (status === 'open' || message !== undefined) continue;
    if (row === undefined) findings.add('lost', `${nameOf(order)} is ${status} and has no notification`);
    else if (row['status'] === 'delivered')
      findings.add('lost', `${nameOf(order)} counts as told, and its merchant has heard nothing`);
    else if (row['status'] === 'scheduled') owed += 1;
    else if (order.story.merchant.temper !== 'leaving') {
      findings.add('lost', `the notification of ${nameOf(order)} has ended as ${String(row['status'])}`);
    }
  }
  if (everybody && owed > 0) findings.add('lost', `${owed} merchants were not told of the ends of their orders`);
  return owed;
}

function judgeMessage({ servers, findings }: Case, { order, status }: JudgedOrder, row: Body | undefined): void {
  const message = servers.told().get(order.id);
  if (message === undefined) return;
  const name = nameOf(order);
  if (message.merchant !== order.story.merchant.key) findings.add('forged', `${message.merchant} was told of ${name}`);
  if (message.type !== `order.${status}` || message.status !== status) {
    findings.add('disagreement', `${name} is ${status}, and its merchant was told ${message.type} (${message.status})`);
  }
  if (message.messages.size > 1) findings.add('doubled', `${name} was told under ${message.messages.size} ids`);
  if (row !== undefined && !message.messages.has(textOf(row, 'id'))) {
    findings.add('disagreement', `${name} was told under an id that the service does not know`);
  }
}
