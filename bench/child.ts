import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** A process of the bench that answers questions: one message in, one message out, in order. */
export interface Helper<Question, Answer> {
  ask(question: Question): Promise<Answer>;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a file of this folder as a process. */
export function startHelper<Question, Answer>(file: string): Helper<Question, Answer> {
  const child = fork(join(__dirname, file), [], { execArgv: ['--import', require.resolve('tsx')], stdio: 'inherit' });
  const waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  child.on('message', (answer) => {
    waiting.shift()?.resolve(answer as Answer);
  });
  child.once('exit', (code, signal) => {
    for (const one of waiting.splice(0)) one.reject(new Error(`${file} ended with ${String(code ?? signal)}`));
  });
  return {
    pid: child.pid ?? 0,
    ask: (question) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.send(question as object);
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
  process.on('message', (question) => {
    void answer(question as never).then((value) => process.send?.(value));
  });
  process.on('disconnect', () => process.exit(0));
}
