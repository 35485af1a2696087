import { toMinor } from '../../demo/minor-units';
import type { SentPayment } from '../bank';
import type { Body } from '../caller';
import { textOf } from '../scenery';
import { type Case, type JudgedOrder, fits } from './case';
import { nameOf } from './orders';

/** Each payment of the bank's books has one receipt, settled, with its amount; and there is no receipt besides. */
export async function judgeReceipts(known: Case, orders: readonly JudgedOrder[]): Promise<void> {
  const { scenery, payments, findings } = known;
  const receipts = new Map<string, Body[]>();
  for (const row of await scenery.operator.list('/admin/receipts')) {
    const name = `${textOf(row, 'channel')} ${textOf(row, 'provider_reference')}`;
    receipts.set(name, [...(receipts.get(name) ?? []), row]);
  }
  for (const [name, rows] of receipts) {
    if (!payments.has(name)) findings.add('forged', `there is a receipt of ${name}, which the bank has never paid`);
    if (rows.length > 1) findings.add('doubled', `there are ${rows.length} receipts of ${name}`);
  }
  for (const [name, payment] of payments) judgeReceipt(known, name, payment, receipts.get(name)?.[0]);
  for (const judged of orders) {
    const names = judged.payments.map(({ channel, id }) => `${channel} ${id}`);
    const paying = names.filter((name) => receipts.get(name)?.some((row) => row['outcome'] === 'order_paid'));
    judgePaying(known, judged, paying.length);
  }
  await judgeSuspenseIncidents(known, [...receipts.values()].flat());
}

function judgeReceipt({ findings }: Case, name: string, payment: SentPayment, receipt: Body | undefined): void {
  if (!payment.acknowledged) findings.add('lost', `${name} was never acknowledged`);
  if (receipt === undefined) {
    findings.add('lost', `${name} was ${payment.acknowledged ? '' : 'not '}acknowledged and has no receipt`);
    return;
  }
  if (receipt['status'] !== 'settled') findings.add('lost', `the receipt of ${name} is ${String(receipt['status'])}`);
  const currency = textOf(receipt, 'currency');
  const amount = textOf(receipt, 'amount');
  if (currency !== payment.currency || toMinor(amount, currency) !== payment.minor) {
    findings.add(
      'disagreement',
      `the receipt of ${name} says ${amount} ${currency}, and not ${payment.minor} minor units`,
    );
  }
}

/** A paid order has exactly one receipt that pays it, any other has none. */
function judgePaying({ findings }: Case, { order, status, payments }: JudgedOrder, paying: number): void {
  const should = status === 'paid' && payments.some((payment) => fits(order, payment)) ? 1 : 0;
  if (paying > should) findings.add('doubled', `${nameOf(order)} is ${status} and paid by ${paying} receipts`);
  if (paying < should) findings.add('lost', `${nameOf(order)} is paid by no receipt`);
}

const KINDS = [
  'late_payment',
  'duplicate_payment',
  'amount_mismatch',
  'currency_mismatch',
  'channel_not_accepted',
  'unidentified_payment',
];

/** Whatever is in suspense is somebody's to look at: one incident per receipt. */
async function judgeSuspenseIncidents({ scenery, findings }: Case, receipts: readonly Body[]): Promise<void> {
  const inSuspense = receipts.filter((row) => row['outcome'] === 'suspense').map((row) => textOf(row, 'id'));
  const incidents = (await scenery.operator.list('/admin/incidents')).filter((row) =>
    KINDS.includes(textOf(row, 'kind')),
  );
  const about = new Map<unknown, number>();
  for (const incident of incidents) about.set(incident['receipt'], (about.get(incident['receipt']) ?? 0) + 1);
  for (const id of inSuspense) {
    const count = about.get(id) ?? 0;
    if (count === 0) findings.add('lost', `${id} is in suspense, and no incident says so`);
    if (count > 1) findings.add('doubled', `${id} is in suspense with ${count} incidents`);
  }
  if (incidents.length > inSuspense.length) {
    findings.add('disagreement', `${incidents.length} incidents speak of ${inSuspense.length} receipts in suspense`);
  }
}
