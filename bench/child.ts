import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

interface Asked {
  readonly kind: string;
}

interface Message {
  readonly id: number;
  readonly question: object;
}

interface Answered {
  readonly id: number;
  readonly answer: object;
}

/** A process of the bench that answers questions, several at once where they take their time; each kind has its answer. */
export interface Helper<Question extends Asked, Answers extends Record<Question['kind'], object>> {
  ask<Kind extends Question['kind']>(question: Extract<Question, { readonly kind: Kind }>): Promise<Answers[Kind]>;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a file of this folder as a process. */
export function startHelper<Question extends Asked, Answers extends Record<Question['kind'], object>>(
  file: string,
): Helper<Question, Answers> {
  const child = fork(join(__dirname, file), [], { execArgv: ['--import', require.resolve('tsx')], stdio: 'inherit' });
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let asked = 0;
  child.on('message', (message) => {
    const { id, answer } = message as Answered;
    waiting.get(id)?.resolve(answer as never);
    waiting.delete(id);
  });
  child.once('exit', (code, signal) => {
    for (const one of waiting.values()) one.reject(new Error(`${file} ended with ${String(code ?? signal)}`));
    waiting.clear();
  });
  return {
    pid: child.pid ?? 0,
    ask: (question) =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.set(asked, { resolve, reject });
        child.send({ id: asked, question } satisfies Message);
      }),
    stop: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

/** The other side: answers each question of the parent. A question that fails ends the process, loudly. */
export function answerQuestions(answer: (question: never) => Promise<object>): void {
  process.on('message', (message) => {
    const { id, question } = message as Message;
    void answer(question as never).then((value) => process.send?.({ id, answer: value } satisfies Answered));
  });
  process.on('disconnect', () => process.exit(0));
}
