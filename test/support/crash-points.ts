import type { Database, Databases, SchemaName, Statement } from '../../src/consistency/transaction';

/** A commit of a process: the how many-eth transaction that it makes on which database, and on which side of it. */
export interface CrashPoint {
  readonly schema: SchemaName;
  readonly commit: number;
  readonly side: 'before' | 'after';
}

export interface MortalDatabases {
  /** As they are, until the process comes to the point: from then on nothing that it asks for is ever answered. */
  readonly databases: Databases;
  /** Resolves when it has come there. */
  readonly stopped: Promise<void>;
  /** Goes on as a process does that was stopped and not killed. */
  goOn(): void;
}

/**
 * Stands between one process and the databases, so that it stops exactly at a commit: before it has begun, or after it has
 * succeeded and before the process knows. To everybody else that is a process that was killed; until `goOn`, which makes it
 * one that was stopped for a long time.
 */
export function mortalDatabases(databases: Databases, point: CrashPoint): MortalDatabases {
  const [stopped, stop] = signal();
  const [resumed, goOn] = signal();
  let isStopped = false;
  const pass = async (isThePoint = false): Promise<void> => {
    if (isThePoint) {
      isStopped = true;
      stop();
    }
    if (isStopped) await resumed;
  };

  const mortal = <S extends SchemaName>(real: Database<S>): Database<S> => {
    let commits = 0;
    const committing = async <R>(commit: () => Promise<R>): Promise<R> => {
      commits += 1;
      const isThePoint = real.schema === point.schema && commits === point.commit;
      await pass(isThePoint && point.side === 'before');
      const result = await commit();
      await pass(isThePoint && point.side === 'after');
      return result;
    };
    return {
      ...real,
      transact: (name, work, isolation) => committing(() => real.transact(name, work, isolation)),
      write: <R extends object>(statement: Statement, values?: readonly unknown[]) =>
        committing(() => real.write<R>(statement, values)),
      query: async <R extends object>(statement: Statement, values?: readonly unknown[]) => {
        await pass();
        return real.query<R>(statement, values);
      },
    };
  };
  return {
    databases: {
      orders: mortal(databases.orders),
      accounts: mortal(databases.accounts),
      points: mortal(databases.points),
      accounting: mortal(databases.accounting),
    },
    stopped,
    goOn,
  };
}

function signal(): [Promise<void>, () => void] {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return [
    promise,
    () => {
      resolve();
    },
  ];
}
