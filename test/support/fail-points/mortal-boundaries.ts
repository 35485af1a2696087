import { writeSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Boundaries } from '../../../src/boundaries';
import type { Database, SchemaName, Statement } from '../../../src/consistency/transaction';

/** Where a process dies: before or after the step of that name. */
export interface Death {
  readonly point: string;
  readonly side: 'before' | 'after';
}

export interface Mortal {
  readonly around: Boundaries;
  /** From now on the process dies at the first point that is this one. */
  dieAt(death: Death): void;
}

/** What a mortal process writes to stderr about itself, a line each, before the next thing happens. */
export const TELLS = { passed: 'passed', dies: 'dies', wrote: 'wrote without a transaction' } as const;

/**
 * Stands between a process and everything outside it, and kills the process with SIGKILL exactly before or exactly after a
 * step: nothing of it has left the process yet, or it has succeeded and the process does not know. A kill between the two,
 * while a COMMIT is on its way, leaves what one of the two leaves.
 */
export function createMortal(): Mortal {
  let next: Death | undefined;
  const passed = new Set<string>();
  const reach = (point: string, side: Death['side']): void => {
    if (!passed.has(point)) tell(`${TELLS.passed} ${point}`);
    passed.add(point);
    if (next?.point !== point || next.side !== side) return;
    tell(`${TELLS.dies} ${side} ${point}`);
    process.kill(process.pid, 'SIGKILL');
  };
  const step = async <R>(point: string, work: () => Promise<R>): Promise<R> => {
    reach(point, 'before');
    const result = await work();
    reach(point, 'after');
    return result;
  };
  return {
    dieAt: (death) => {
      next = death;
    },
    around: {
      databases: (real) => ({
        orders: mortalDatabase(real.orders, step),
        accounts: mortalDatabase(real.accounts, step),
        points: mortalDatabase(real.points, step),
        accounting: mortalDatabase(real.accounting, step),
      }),
      queues: (real) => ({
        ...real,
        add: (concern, ids) => step(`queues.add ${concern}`, () => real.add(concern, ids)),
        work: (concern, concurrency, handle) =>
          real.work(concern, concurrency, (ids) => step(`queues.work ${concern}`, () => handle(ids))),
      }),
      http: (real) => ({ ...real, post: (...request) => step('http.post', () => real.post(...request)) }),
      app: (real) => (request, response) => {
        if (request.url?.startsWith('/callbacks/') === true) watchAnswer(response, reach);
        real(request, response);
      },
    },
  };
}

type Step = <R>(point: string, work: () => Promise<R>) => Promise<R>;

function mortalDatabase<S extends SchemaName>(real: Database<S>, step: Step): Database<S> {
  return {
    ...real,
    transact: (name, work, isolation) => step(`${real.schema} ${name}`, () => real.transact(name, work, isolation)),
    write: <R extends object>(statement: Statement, values?: readonly unknown[]) =>
      step(`${real.schema} ${pointOfStatement(statement.name)}`, () => real.write<R>(statement, values)),
    query: <R extends object>(statement: Statement, values?: readonly unknown[]) => {
      if (/\b(insert\s+into|update|delete\s+from)\s+\w+\./i.test(statement.text))
        tell(`${TELLS.wrote} ${statement.name}`);
      return real.query<R>(statement, values);
    },
  };
}

/** A claim's statement has a hash of its text in its name; one of rows by their keys is the same step. */
function pointOfStatement(name: string): string {
  return name.replace(/(_only)?\.[0-9a-f]{8}$/, '');
}

/** Before: nothing of the answer was sent. After: the operating system has it, and the bank will get it. */
function watchAnswer(response: ServerResponse, reach: (point: string, side: Death['side']) => void): void {
  const end = response.end.bind(response) as (...parts: unknown[]) => ServerResponse;
  response.end = (...parts: unknown[]) => {
    reach('app.answer', 'before');
    return end(...parts);
  };
  response.once('finish', () => {
    reach('app.answer', 'after');
  });
}

/** Written at once and whole: the very next thing may be the end of the process. */
function tell(line: string): void {
  writeSync(2, `${line}\n`);
}
