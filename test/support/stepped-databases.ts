import {
  type Database,
  type Isolation,
  type SchemaName,
  type Statement,
  type Tx,
  statement,
} from '../../src/consistency/transaction';

/**
 * Runs several processes statement by statement, in an order that the test chooses. Each transaction stops before its
 * first statement, before each further one and before its commit; the stepper lets one of those that stand there go on,
 * waits until it stands again, has ended or is kept waiting by a lock of another, and chooses anew. So every interleaving
 * that PostgreSQL allows can be reached, and the same choices give the same one.
 */
export interface Stepper {
  /** The database as a process sees it whose transactions are stepped. */
  database<S extends SchemaName>(db: Database<S>, process: string): Database<S>;
  /**
   * Starts the programs and steps until all of them have ended. A choice says which of the transactions that stand goes on:
   * 0 is the one that went last, so that fewer switches are simpler choices; without a choice it is 0.
   * @returns what each program gave, or threw
   */
  run<T>(programs: readonly (() => Promise<T>)[], choices: readonly number[]): Promise<PromiseSettledResult<T>[]>;
  /** The same where the test says by name who goes on. Those who stand are named `process schema#n: next statement`. */
  runBy<T>(programs: readonly (() => Promise<T>)[], choose: Choose): Promise<PromiseSettledResult<T>[]>;
}

export interface Standing {
  readonly process: string;
  /** What comes next: the name of a transaction that begins, of a statement, or `commit`. */
  readonly next: string;
}
/** Which of those that stand goes on, by its place in the list. */
export type Choose = (standing: readonly Standing[]) => number;

interface Strand {
  readonly process: string;
  readonly name: string;
  readonly order: number;
  backend: number | undefined;
  /** Set while it stands: what comes next, and how it is let go on. */
  gate: { readonly next: string; readonly open: () => void } | undefined;
}

const BACKEND = statement('test.backend', 'select pg_backend_pid() as pid');
const WAITING = statement(
  'test.waiting',
  'select pid from unnest($1::int[]) as b(pid) where cardinality(pg_blocking_pids(pid)) > 0',
);

/** @param observer a connection on the same server that asks who waits for a lock */
export function createStepper(observer: Database): Stepper {
  const strands = new Set<Strand>();
  let made = 0;
  let last: Strand | undefined;

  const stand = (strand: Strand, next: string): Promise<void> =>
    new Promise((resolve) => {
      strand.gate = {
        next,
        open: () => {
          strand.gate = undefined;
          last = strand;
          resolve();
        },
      };
    });

  /** Runs a transaction that stands first before `next`, and then wherever its work lets it stand. */
  const start = async <S extends SchemaName, R>(
    { schema, transact }: Database<S>,
    process: string,
    next: string,
    work: (tx: Tx<S>, strand: Strand) => Promise<R>,
    isolation: Isolation = 'read committed',
  ): Promise<R> => {
    made += 1;
    const strand: Strand = { process, name: `${process} ${schema}`, order: made, backend: undefined, gate: undefined };
    strands.add(strand);
    try {
      await stand(strand, next);
      return await transact(
        next,
        async (tx) => {
          const [backend] = await tx.query<{ pid: number }>(BACKEND);
          strand.backend = backend?.pid;
          return work(tx, strand);
        },
        isolation,
      );
    } finally {
      strands.delete(strand);
    }
  };

  const transact = <S extends SchemaName, R>(
    db: Database<S>,
    process: string,
    name: string,
    work: (tx: Tx<S>) => Promise<R>,
    isolation: Isolation,
  ): Promise<R> =>
    start(
      db,
      process,
      name,
      async (tx, strand) => {
        const stepped = inSteps(tx, (next) => stand(strand, next));
        const result = await work(stepped.tx);
        await stepped.idle();
        await stand(strand, 'commit');
        return result;
      },
      isolation,
    );

  /** One statement is a transaction of its own, and one step. */
  const single = <S extends SchemaName, R extends object>(
    db: Database<S>,
    process: string,
    sql: Statement,
    values?: readonly unknown[],
  ): Promise<R[]> => start(db, process, sql.name, (tx) => tx.query<R>(sql, values));

  /** Resolves when every transaction stands or waits for a lock, and nothing else is going on in the processes. */
  const still = async (): Promise<void> => {
    for (;;) {
      for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
      const going = [...strands].filter((strand) => strand.gate === undefined);
      if (going.length === 0) return;
      const backends = going.flatMap(({ backend }) => backend ?? []);
      if (backends.length < going.length) continue;
      const waiting = await observer.query<{ pid: number }>(WAITING, [backends]);
      const stillGoing = [...strands].filter((strand) => strand.gate === undefined);
      if (waiting.length === going.length && stillGoing.length === going.length) return;
    }
  };

  const runBy: Stepper['runBy'] = async (programs, choose) => {
    const ended = new Set<() => Promise<unknown>>();
    const results = Promise.allSettled(programs.map((program) => program().finally(() => ended.add(program))));
    for (;;) {
      await still();
      const standing = [...strands].filter((strand) => strand.gate !== undefined).sort(byLastAndName(last));
      if (standing.length === 0) {
        if (ended.size === programs.length) return results;
        continue;
      }
      const choice = choose(standing.map(({ process, gate }) => ({ process, next: gate?.next ?? '' })));
      standing[choice % standing.length]?.gate?.open();
    }
  };

  return {
    database: (db, process) => ({
      ...db,
      transact: (name, work, isolation) => transact(db, process, name, work, isolation),
      write: (sql, values) => single(db, process, sql, values),
      query: (sql, values) => single(db, process, sql, values),
    }),
    run: (programs, choices) => {
      const rest = choices[Symbol.iterator]();
      return runBy(programs, () => rest.next().value ?? 0);
    },
    runBy,
  };
}

function byLastAndName(last: Strand | undefined) {
  return (one: Strand, other: Strand): number => {
    if (one === last) return -1;
    if (other === last) return 1;
    return one.name === other.name ? one.order - other.order : one.name < other.name ? -1 : 1;
  };
}

/** One statement after the other, each once it may: what is sent without waiting keeps its place in the order. */
function inSteps<S extends SchemaName>(
  tx: Tx<S>,
  mayGoOn: (next: string) => Promise<void>,
): { readonly tx: Tx<S>; idle(): Promise<unknown> } {
  let previous: Promise<unknown> = Promise.resolve();
  const query = <R extends object>(sql: Statement, values?: readonly unknown[]): Promise<R[]> => {
    const mine = previous
      .catch(() => undefined)
      .then(() => mayGoOn(sql.name))
      .then(() => tx.query<R>(sql, values));
    previous = mine;
    return mine;
  };
  const send = (sql: Statement, values?: readonly unknown[]): void => {
    void query(sql, values).catch(() => undefined);
  };
  // COMMIT comes when everything has had its turn.
  const finish = (): void => undefined;
  return { tx: { ...tx, query, send, finish }, idle: () => previous.catch(() => undefined) };
}
