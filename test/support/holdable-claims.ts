import type { Databases, Row, Statement } from '../../src/consistency/transaction';

export interface HoldableClaims {
  around(databases: Databases): Databases;
  /** From now on the sweep finds nothing that is due. */
  hold(): void;
  letGo(): void;
}

/**
 * Keeps the sweep of a process away from one table of durable work, for as long as a test says, so that it is another process
 * that must do it. Work that the process is told of by its id it does all the same.
 * @param table of the orders database, with its schema
 */
export function holdableClaims(table: string): HoldableClaims {
  let isHeld = false;
  const isClaim = ({ name }: Statement): boolean => new RegExp(`^${table}\\.claim\\.[0-9a-f]+$`).test(name);
  return {
    around: (databases) => {
      const { orders } = databases;
      const write = <R extends object = Row>(sql: Statement, values?: readonly unknown[]): Promise<R[]> =>
        isHeld && isClaim(sql) ? Promise.resolve([]) : orders.write<R>(sql, values);
      return { ...databases, orders: { ...orders, write } };
    },
    hold: () => {
      isHeld = true;
    },
    letGo: () => {
      isHeld = false;
    },
  };
}
