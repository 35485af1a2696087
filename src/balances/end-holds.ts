import type { Ids } from '../core/ids';
import type { BranchKey, CancelAnswer, ConfirmAnswer } from '../consistency/tcc/participant';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { distinct, keyOf } from './branch-key';
import type { BalancesSchema, Hold, HoldStatus, HoldsStore } from './holds-store';
import type { Movement, MovementsStore, Reservation } from './movements-store';

export interface EndDependencies {
  readonly db: Database<BalancesSchema>;
  readonly ids: Ids;
  readonly holds: HoldsStore;
  readonly movements: MovementsStore;
}

/** Confirm: holds become entries and balances move. It cannot be refused for a business reason: Try has seen to that. */
export async function confirmHolds(
  deps: EndDependencies,
  keys: readonly BranchKey[],
): Promise<readonly ConfirmAnswer[]> {
  const found = await inTransaction(deps.db, 'balances.confirm', async (tx) => {
    const standing = await deps.holds.lock(tx, distinct(keys));
    const held = standing.filter(isHeld);
    if (held.length > 0) {
      deps.holds.end(tx, held, 'confirmed');
      apply(deps, tx, held);
    }
    return statusByKey(standing);
  });
  const answers: ConfirmAnswer[] = [];
  for (const key of keys) answers.push(confirmedFrom(found.get(keyOf(key)) ?? 'absent'));
  return answers;
}

function confirmedFrom(status: HoldStatus | 'absent'): ConfirmAnswer {
  return status === 'absent' || status === 'cancelled' ? { kind: 'impossible', found: status } : { kind: 'confirmed' };
}

/** Cancel: a hold is released; where there is none yet, a tombstone makes a Try that comes later find that it is late. */
export async function cancelHolds(deps: EndDependencies, keys: readonly BranchKey[]): Promise<readonly CancelAnswer[]> {
  const each = distinct(keys);
  const found = await inTransaction(deps.db, 'balances.cancel', async (tx) => {
    // Insert first, then read: the insert waits for an uncommitted Try of the same branch, a read would not.
    const tombstones = new Set((await deps.holds.insertTombstones(tx, each)).map(keyOf));
    const met = each.filter((key) => !tombstones.has(keyOf(key)));
    const standing = met.length === 0 ? [] : await deps.holds.lock(tx, met);
    const held = standing.filter(isHeld);
    if (held.length > 0) {
      deps.holds.end(tx, held, 'cancelled');
      release(deps, tx, held);
    }
    return statusByKey(standing);
  });
  return keys.map((key) =>
    found.get(keyOf(key)) === 'confirmed' ? { kind: 'impossible', found: 'confirmed' } : { kind: 'cancelled' },
  );
}

function apply(deps: EndDependencies, tx: Tx<BalancesSchema>, held: readonly Hold[]): void {
  const movements: Movement[] = [];
  for (const hold of held) {
    for (const leg of legsOf(hold)) {
      movements.push({
        entryId: deps.ids.next(),
        accountId: leg.accountId,
        gid: hold.gid,
        branch: hold.branch,
        amount: leg.outbound ? `-${leg.amount}` : leg.amount,
        released: leg.outbound ? leg.amount : '0',
      });
    }
  }
  deps.movements.lockUnseen(tx, [...new Set(movements.map(accountOf))]);
  deps.movements.apply(tx, movements);
}

function release(deps: EndDependencies, tx: Tx<BalancesSchema>, held: readonly Hold[]): void {
  const reservations = held.flatMap(legsOf).filter(isOutbound).map(giveBack);
  if (reservations.length === 0) return;
  deps.movements.lockUnseen(tx, [...new Set(reservations.map(accountOf))]);
  deps.movements.reserve(tx, reservations);
}

interface HeldLeg {
  readonly accountId: string;
  readonly outbound: boolean;
  readonly amount: string;
}

function legsOf(hold: Hold): HeldLeg[] {
  const legs: HeldLeg[] = [];
  for (const [index, accountId] of hold.account_ids.entries()) {
    const outbound = hold.outbound[index];
    const amount = hold.amounts[index];
    if (outbound === undefined || amount === undefined) throw new Error(`the legs of ${keyOf(hold)} are not complete`);
    legs.push({ accountId, outbound, amount });
  }
  return legs;
}

function isHeld(hold: Hold): boolean {
  return hold.status === 'held';
}

function isOutbound(leg: HeldLeg): boolean {
  return leg.outbound;
}

function giveBack({ accountId, amount }: HeldLeg): Reservation {
  return { accountId, amount: `-${amount}` };
}

function accountOf({ accountId }: Movement | Reservation): string {
  return accountId;
}

function statusByKey(holds: readonly Hold[]): ReadonlyMap<string, HoldStatus> {
  const found = new Map<string, HoldStatus>();
  for (const hold of holds) found.set(keyOf(hold), hold.status);
  return found;
}
