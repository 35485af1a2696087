import type { Ids } from '../core/ids';
import type { BranchKey, CancelAnswer, ConfirmAnswer } from '../consistency/tcc/participant';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { distinct, keyOf } from './branch-key';
import type { BalancesSchema, Hold, HoldStatus, HoldsStore } from './holds-store';
import type { MovementsStore } from './movements-store';

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
    const held = standing.filter((hold) => hold.status === 'held');
    if (held.length > 0) {
      deps.holds.end(tx, held, 'confirmed');
      apply(deps, tx, held);
    }
    return statusByKey(standing);
  });
  return keys.map((key) => {
    const status = found.get(keyOf(key)) ?? 'absent';
    return status === 'absent' || status === 'cancelled'
      ? { kind: 'impossible', found: status }
      : { kind: 'confirmed' };
  });
}

/** Cancel: a hold is released; where there is none yet, a tombstone makes a Try that comes later find that it is late. */
export async function cancelHolds(deps: EndDependencies, keys: readonly BranchKey[]): Promise<readonly CancelAnswer[]> {
  const each = distinct(keys);
  const found = await inTransaction(deps.db, 'balances.cancel', async (tx) => {
    // Insert first, then read: the insert waits for an uncommitted Try of the same branch, a read would not.
    const tombstones = new Set((await deps.holds.insertTombstones(tx, each)).map(keyOf));
    const met = each.filter((key) => !tombstones.has(keyOf(key)));
    const standing = met.length === 0 ? [] : await deps.holds.lock(tx, met);
    const held = standing.filter((hold) => hold.status === 'held');
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
  const movements = held.flatMap((hold) =>
    legsOf(hold).map((leg) => ({
      entryId: deps.ids.next(),
      accountId: leg.accountId,
      gid: hold.gid,
      branch: hold.branch,
      amount: leg.outbound ? `-${leg.amount}` : leg.amount,
      released: leg.outbound ? leg.amount : '0',
    })),
  );
  deps.movements.lockUnseen(tx, [...new Set(movements.map((movement) => movement.accountId))]);
  deps.movements.apply(tx, movements);
}

function release(deps: EndDependencies, tx: Tx<BalancesSchema>, held: readonly Hold[]): void {
  const reservations = held
    .flatMap(legsOf)
    .filter((leg) => leg.outbound)
    .map((leg) => ({ accountId: leg.accountId, amount: `-${leg.amount}` }));
  if (reservations.length === 0) return;
  deps.movements.lockUnseen(tx, [...new Set(reservations.map((reservation) => reservation.accountId))]);
  deps.movements.reserve(tx, reservations);
}

function legsOf(hold: Hold): { accountId: string; outbound: boolean; amount: string }[] {
  return hold.account_ids.map((accountId, index) => {
    const outbound = hold.outbound[index];
    const amount = hold.amounts[index];
    if (outbound === undefined || amount === undefined) throw new Error(`the legs of ${keyOf(hold)} are not complete`);
    return { accountId, outbound, amount };
  });
}

function statusByKey(holds: readonly Hold[]): ReadonlyMap<string, HoldStatus> {
  return new Map(holds.map((hold) => [keyOf(hold), hold.status]));
}
