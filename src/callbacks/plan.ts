import { type Json, contentHash } from '../core/canonical';
import type { Currency } from '../core/currencies';
import { Money } from '../core/money';
import type { Plan, PlannedBranch, Refusal } from '../consistency/tcc/log-store';
import { type Leg, legContent } from '../consistency/tcc/participant';
import type { IncidentKind } from '../incidents/incident';
import type { SuspenseReason } from './judge';

/** Where a part of the gross goes; the books read it from here. */
export interface Credit {
  readonly to: 'merchant' | 'payee' | 'fees' | 'suspense';
  readonly party: string;
  readonly amount: string;
}

export interface PlannedIncident {
  readonly kind: IncidentKind;
  readonly facts: Readonly<Record<string, string | null>>;
}

/** Everything that follows from one receipt, computed once when its transaction is opened, and never again. */
export interface SettlementPlan extends Plan {
  /** `order_paid` pays the order, wherever the money goes; `suspense` leaves the order as it was. */
  readonly outcome: 'order_paid' | 'suspense';
  readonly channel: string;
  readonly currency: Currency;
  readonly gross: string;
  readonly merchantId: string | null;
  readonly credits: readonly Credit[];
  readonly pointsValue: string | null;
  readonly incidents: readonly PlannedIncident[];
}

export interface PlannedReceipt {
  readonly channel: string;
  readonly money: Money;
  readonly refusals: readonly Refusal[];
  readonly facts: Readonly<Record<string, string | null>>;
}

export interface Split {
  /** The code of the payee's account. */
  readonly account: string;
  readonly amount: Money;
}

/** What the order says about its money: priced when it was created, so that later terms do not change it. */
export interface PlannedOrder {
  readonly merchantId: string;
  readonly customer: string | null;
  readonly fee: Money;
  readonly splits: readonly Split[];
  /** Whole points, as a decimal string; "0" for none. */
  readonly points: string;
  readonly pointsValue: Money;
}

/** The gross waits in suspense; the order stays as it was. */
export function planSuspense(
  receipt: PlannedReceipt,
  merchantId: string | null,
  reason: SuspenseReason,
): SettlementPlan {
  return assemble(receipt, {
    outcome: 'suspense',
    merchantId,
    parts: [{ to: 'suspense', party: '', money: receipt.money }],
    incidents: [{ kind: reason, facts: receipt.facts }],
  });
}

/** The order is paid: merchant net of fee and splits, unless an account has refused in an earlier attempt. */
export function planPayment(receipt: PlannedReceipt, order: PlannedOrder): SettlementPlan {
  const { refusals } = receipt;
  const fund = merchantAccount(order.merchantId, receipt.money.currency);
  const fundRefusal = refusalOf(refusals, fund);
  if (fundRefusal !== undefined) {
    return assemble(receipt, {
      outcome: 'order_paid',
      merchantId: order.merchantId,
      parts: [{ to: 'suspense', party: '', money: receipt.money }],
      incidents: [incidentOf('account_refused', receipt, fundRefusal)],
    });
  }
  const splits = order.splits.map(({ account, amount }) => ({
    account,
    amount,
    refusal: refusalOf(refusals, account),
  }));
  const net = splits.reduce((rest, split) => rest.minus(split.amount), receipt.money.minus(order.fee));
  const customer = order.customer === null ? undefined : customerAccount(order.merchantId, order.customer);
  const pointsRefusal = customer === undefined ? undefined : refusalOf(refusals, customer.account);
  const grants = customer !== undefined && order.points !== '0' && pointsRefusal === undefined;
  return assemble(receipt, {
    outcome: 'order_paid',
    merchantId: order.merchantId,
    parts: [
      { to: 'merchant', party: order.merchantId, money: net },
      { to: 'fees', party: '', money: order.fee },
      ...splits.map(({ account, amount, refusal }) =>
        refusal === undefined
          ? ({ to: 'payee', party: account, money: amount } as const)
          : ({ to: 'suspense', party: '', money: amount } as const),
      ),
    ],
    ...(grants
      ? {
          points: { account: customer.account, owner: customer.owner, amount: order.points },
          pointsValue: order.pointsValue,
        }
      : {}),
    incidents: [
      ...splits.flatMap(({ refusal }) => (refusal ? [incidentOf('split_refused', receipt, refusal)] : [])),
      ...(pointsRefusal ? [incidentOf('points_refused', receipt, pointsRefusal)] : []),
    ],
  });
}

function refusalOf(refusals: readonly Refusal[], account: string): Refusal | undefined {
  for (const refusal of refusals) if (refusal.account === account) return refusal;
  return undefined;
}

/** The hash that transaction, voucher and audit share. */
export function legsHash(plan: Plan): string {
  return contentHash(plan.branches.map(branchContent));
}

function branchContent({ participant, branch, legs }: PlannedBranch): Json {
  return { branch, legs: legs.map(legContent), participant };
}

export function merchantAccount(merchantId: string, currency: string): string {
  return `merchant/${merchantId}/${currency}`;
}

interface Part {
  readonly to: Credit['to'];
  readonly party: string;
  readonly money: Money;
}

interface Assembly extends Pick<SettlementPlan, 'outcome' | 'merchantId' | 'incidents'> {
  readonly parts: readonly Part[];
  readonly points?: { readonly account: string; readonly owner: string; readonly amount: string };
  readonly pointsValue?: Money;
}

/** Merges the parts per account, leaves out zeros, and checks that they are the gross. */
function assemble(receipt: PlannedReceipt, assembly: Assembly): SettlementPlan {
  const { currency } = receipt.money;
  const merged = new Map<string, Part>();
  for (const part of assembly.parts) {
    const met = merged.get(`${part.to} ${part.party}`);
    const { to, party, money } = part;
    merged.set(`${to} ${party}`, met === undefined ? part : { to, party, money: met.money.plus(money) });
  }
  const parts = [...merged.values()].filter(isOfWorth);
  const total = parts.reduce(plusPart, Money.zero(currency));
  if (!total.equals(receipt.money) || !parts.every(isPositive)) {
    throw new Error(
      `the parts of a receipt do not make up its gross: ${total.toString()} of ${receipt.money.toString()}`,
    );
  }
  const branches: PlannedBranch[] = [{ participant: 'accounts', branch: 'fund', legs: parts.map(legOf) }];
  if (assembly.points !== undefined) branches.push(pointsBranch(assembly.points));
  const value = assembly.pointsValue;
  return {
    branches,
    outcome: assembly.outcome,
    channel: receipt.channel,
    currency,
    gross: receipt.money.toString(),
    merchantId: assembly.merchantId,
    credits: parts.map(creditOf),
    pointsValue: value === undefined || value.isZero() ? null : value.toString(),
    incidents: assembly.incidents,
  };
}

/** The house's own accounts and the merchant's are opened when they are first needed; a payee's must exist. */
function legOf({ to, party, money }: Part): Leg {
  const amount = money.toString();
  const unit = money.currency;
  if (to === 'payee') return { account: party, direction: 'in', amount };
  const account = to === 'merchant' ? merchantAccount(party, unit) : `${to}/${unit}`;
  const owner = to === 'merchant' ? party : 'quittance';
  return { account, direction: 'in', amount, opens: { kind: to, owner, unit } };
}

function isOfWorth({ money }: Part): boolean {
  return !money.isZero();
}

function isPositive({ money }: Part): boolean {
  return money.isPositive();
}

function plusPart(sum: Money, { money }: Part): Money {
  return sum.plus(money);
}

function creditOf({ to, party, money }: Part): Credit {
  return { to, party, amount: money.toString() };
}

function customerAccount(merchantId: string, customer: string): { account: string; owner: string } {
  const owner = `${merchantId}/${customer}`;
  return { account: `customer/${owner}`, owner };
}

function pointsBranch(points: { account: string; owner: string; amount: string }): PlannedBranch {
  const opens = { kind: 'customer', owner: points.owner, unit: 'POINTS' };
  return {
    participant: 'points',
    branch: 'points',
    legs: [{ account: points.account, direction: 'in', amount: points.amount, opens }],
  };
}

function incidentOf(kind: IncidentKind, receipt: PlannedReceipt, refusal: Refusal): PlannedIncident {
  return { kind, facts: { account: refusal.account, reason: refusal.reason, ...receipt.facts } };
}
