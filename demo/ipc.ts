import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';

/** Questions from the demo to the processes that it has started, over the channel that Node opens between them. */
export type Calls = Readonly<Record<string, { readonly asks: unknown; readonly answers: unknown }>>;
export type Asks<C extends Calls, Name extends keyof C> = C[Name]['asks'];
export type Answers<C extends Calls, Name extends keyof C> = C[Name]['answers'];

export interface Peer<C extends Calls> {
  call<Name extends keyof C & string>(name: Name, asks: Asks<C, Name>): Promise<Answers<C, Name>>;
}

const question = z.object({ id: z.number(), name: z.string(), asks: z.unknown() });
const answer = z.object({ id: z.number(), answers: z.unknown(), failed: z.string().optional() });

/**
 * The demo's side. A question to a process that has ended is never answered: whoever started the process is told of its end,
 * and gives up the whole play.
 */
export function talkTo<C extends Calls>(child: ChildProcess): Peer<C> {
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on('message', (message) => {
    const { id, answers, failed } = answer.parse(message);
    const waiting = open.get(id);
    open.delete(id);
    if (failed === undefined) waiting?.resolve(answers);
    else waiting?.reject(new Error(failed));
  });
  return {
    call: <Name extends keyof C & string>(name: Name, asks: Asks<C, Name>) =>
      new Promise<Answers<C, Name>>((resolve, reject) => {
        const id = (last += 1);
        open.set(id, { resolve, reject });
        if (child.connected) child.send({ id, name, asks }, () => undefined);
      }),
  };
}

/**
 * The child's side: answers until the demo is gone, and then ends. Ctrl-C at a terminal reaches every process of the group;
 * the demo says when it is over.
 */
export function serveParent<C extends Calls>(handlers: {
  readonly [Name in keyof C]: (asks: Asks<C, Name>) => Promise<Answers<C, Name>> | Answers<C, Name>;
}): void {
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    const { id, name, asks } = question.parse(message);
    const handler = (handlers as Readonly<Record<string, (asks: unknown) => unknown>>)[name];
    Promise.resolve()
      .then(() => {
        if (handler === undefined) throw new Error(`nobody answers "${name}"`);
        return handler(asks);
      })
      .then(
        (answers) => process.send?.({ id, answers }),
        (error: unknown) => process.send?.({ id, answers: undefined, failed: String(error) }),
      );
  });
}
