import { Exact } from '../core/money';
import type { EntryEvidence, HoldEvidence, PlannedLeg } from './evidence-store';

/** Signed amounts per account, each as one line of text, so that two of them compare as texts whatever their order. */
export function movementsText(movements: readonly { readonly account: string; readonly amount: Exact }[]): string {
  const sums = new Map<string, Exact>();
  for (const { account, amount } of movements) sums.set(account, (sums.get(account) ?? new Exact(0)).plus(amount));
  return [...sums]
    .filter(([, amount]) => !amount.isZero())
    .map(([account, amount]) => `${account} ${amount.toFixed()}`)
    .sort()
    .join('; ');
}

export function movementsOfLegs(legs: readonly PlannedLeg[]): string {
  return movementsText(
    legs.map(({ account, direction, amount }) => ({
      account,
      amount: direction === 'out' ? new Exact(amount).negated() : new Exact(amount),
    })),
  );
}

export function movementsOfEntries(entries: readonly EntryEvidence[]): string {
  return movementsText(entries.map(({ code, amount }) => ({ account: code, amount: new Exact(amount) })));
}

export function movementsOfHold(hold: HoldEvidence): string {
  return movementsText(
    hold.codes.map((code, index) => {
      const amount = new Exact(hold.amounts[index] ?? 0);
      return { account: code ?? 'unknown account', amount: hold.outbound[index] === true ? amount.negated() : amount };
    }),
  );
}

export function sumOf(amounts: readonly string[]): Exact {
  return amounts.reduce((sum, amount) => sum.plus(amount), new Exact(0));
}
