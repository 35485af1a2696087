import type { Database, Databases, SchemaName, Statement } from '../../src/consistency/transaction';
import { Unavailable } from '../../src/core/errors';
import type { CrashPoint } from './crash-points';

/**
 * Stands between one process and the databases, and loses a connection exactly once, at a commit: before it, so that nothing
 * was written, or behind it, so that everything was and the process does not know.
 */
export function lossyDatabases(databases: Databases, point: CrashPoint): Databases {
  const lossy = <S extends SchemaName>(real: Database<S>): Database<S> => {
    let commits = 0;
    const committing = async <R>(commit: () => Promise<R>): Promise<R> => {
      commits += 1;
      const isThePoint = real.schema === point.schema && commits === point.commit;
      const lost = new Unavailable(`database ${real.schema}`, new Error('the connection was lost'));
      if (isThePoint && point.side === 'before') throw lost;
      const result = await commit();
      if (isThePoint) throw lost;
      return result;
    };
    return {
      ...real,
      transact: (name, work, isolation) => committing(() => real.transact(name, work, isolation)),
      write: <R extends object>(sql: Statement, values?: readonly unknown[]) =>
        committing(() => real.write<R>(sql, values)),
    };
  };
  return {
    orders: lossy(databases.orders),
    accounts: lossy(databases.accounts),
    points: lossy(databases.points),
    accounting: lossy(databases.accounting),
  };
}
