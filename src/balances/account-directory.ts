import type { Ids } from '../core/ids';
import type { Branch, Leg } from '../consistency/tcc/participant';
import type { Tx } from '../consistency/transaction';
import type { BalancesSchema } from './holds-store';
import type { MovementsStore } from './movements-store';

/**
 * From an account's code to its id. An account is never deleted and its code never changes, so an id that was read in a
 * committed transaction may be remembered for ever; the memory is bounded, and the account's status is never in it.
 */
export interface AccountDirectory {
  /** Ids of all accounts that the branches name, opening those that a leg says may be opened; unknown ones are left out. */
  resolve(tx: Tx<BalancesSchema>, branches: readonly Branch[]): Promise<ReadonlyMap<string, string>>;
  /** Called after the commit of the transaction that resolved. */
  remember(resolved: ReadonlyMap<string, string>): void;
}

const REMEMBERED = 50_000;

export function createAccountDirectory(deps: { movements: MovementsStore; ids: Ids }): AccountDirectory {
  const remembered = new Map<string, string>();
  return {
    resolve: async (tx, branches) => {
      const legs = legsByAccount(branches);
      const resolved = new Map<string, string>();
      const missing: string[] = [];
      for (const code of legs.keys()) {
        const id = remembered.get(code);
        if (id === undefined) missing.push(code);
        else resolved.set(code, id);
      }
      if (missing.length === 0) return resolved;
      for (const { id, code } of await deps.movements.find(tx, missing)) resolved.set(code, id);
      const unknown = missing.filter((code) => !resolved.has(code));
      const toOpen = unknown.flatMap((code) => newAccount(legs.get(code), deps.ids));
      if (toOpen.length > 0) {
        deps.movements.open(tx, toOpen);
        for (const { id, code } of await deps.movements.find(tx, unknown)) resolved.set(code, id);
      }
      return resolved;
    },
    remember: (resolved) => {
      if (remembered.size + resolved.size > REMEMBERED) remembered.clear();
      for (const [code, id] of resolved) remembered.set(code, id);
    },
  };
}

/** One leg per account: one that may open it where there is such a leg, whatever other branches of the list say. */
function legsByAccount(branches: readonly Branch[]): ReadonlyMap<string, Leg> {
  const legs = new Map<string, Leg>();
  for (const branch of branches) {
    for (const leg of branch.legs) if (legs.get(leg.account)?.opens === undefined) legs.set(leg.account, leg);
  }
  return legs;
}

function newAccount(leg: Leg | undefined, ids: Ids): Parameters<MovementsStore['open']>[1][number][] {
  if (leg?.opens === undefined) return [];
  return [{ id: ids.next(), code: leg.account, ...leg.opens }];
}
