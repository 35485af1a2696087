import type { Database, Databases, SchemaName, Statement, Tx } from '../../src/consistency/transaction';

/** What was asked of the databases, by the names of transactions and of statements that are transactions of their own. */
export interface Counts {
  /** How often each was committed. */
  readonly commits: ReadonlyMap<string, number>;
  /** How many statements went out in each, BEGIN and COMMIT left out. */
  readonly statements: ReadonlyMap<string, number>;
}

export interface CountedDatabases {
  around(real: Databases): Databases;
  counts(): Counts;
  forget(): void;
}

export function countDatabases(): CountedDatabases {
  const commits = new Map<string, number>();
  const statements = new Map<string, number>();
  const add = (counts: Map<string, number>, name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  const countedTx = <S extends SchemaName>(name: string, tx: Tx<S>): Tx<S> => ({
    ...tx,
    query: (sql, values) => {
      add(statements, name);
      return tx.query(sql, values);
    },
    send: (sql, values) => {
      add(statements, name);
      tx.send(sql, values);
    },
  });
  const counted = <S extends SchemaName>(db: Database<S>): Database<S> => {
    const alone = (sql: Statement): void => {
      add(commits, sql.name);
      add(statements, sql.name);
    };
    return {
      ...db,
      query: (sql, values) => {
        alone(sql);
        return db.query(sql, values);
      },
      write: (sql, values) => {
        alone(sql);
        return db.write(sql, values);
      },
      transact: (name, work, isolation) => {
        add(commits, name);
        return db.transact(name, (tx) => work(countedTx(name, tx)), isolation);
      },
    };
  };
  return {
    around: ({ orders, accounts, points, accounting }) => ({
      orders: counted(orders),
      accounts: counted(accounts),
      points: counted(points),
      accounting: counted(accounting),
    }),
    counts: () => ({ commits: new Map(commits), statements: new Map(statements) }),
    forget: () => {
      commits.clear();
      statements.clear();
    },
  };
}
