import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Told } from './load';

/** What customers of the service are told while something fails: success, or to come again. Nothing else is right. */
export interface AnswerBook {
  note(told: Told | undefined): void;
  /** What nobody should have been told, in words. */
  readonly wrong: readonly string[];
  /** How many were told to come again. */
  refusals(): number;
}

const COME_AGAIN = ['unavailable', 'overloaded'];

export function createAnswerBook(): AnswerBook {
  const wrong: string[] = [];
  let refusals = 0;
  return {
    wrong,
    refusals: () => refusals,
    note: (told) => {
      if (told !== undefined && told.status >= 200 && told.status < 300) return;
      if (told !== undefined && saysComeAgain(told)) refusals += 1;
      else wrong.push(told === undefined ? 'no answer' : `${told.status} ${told.body}`);
    },
  };
}

/** A bank's word for it may have no body; a problem has a code that stays what it is. */
function saysComeAgain({ status, headers, body }: Told): boolean {
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true;
  const code = isProblem ? (JSON.parse(body) as { code: string }).code : undefined;
  if (!/^[1-9]\d*$/.test(headers.get('retry-after') ?? '')) return false;
  if (status === 409) return code === 'idempotency_in_progress';
  return status === 503 && (code === undefined || COME_AGAIN.includes(code));
}

const DONE: readonly string[] = ['', 'duplicate_order'];

export interface OrderingMerchant {
  /** Orders no more; what it is about to order it repeats until it is there. Gives the numbers of its orders. */
  finish(): Promise<readonly string[]>;
}

/** A merchant that creates one order after the other, each repeated under its key until it is made, and looks at one. */
export function startOrdering(url: string, key: string, known: string, book: AnswerBook): OrderingMerchant {
  const numbers: string[] = [];
  const state = { isDone: false };
  const call = async (path: string, init: RequestInit = {}, idempotencyKey?: string): Promise<string> => {
    let told: Told | undefined;
    try {
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      };
      const answer = await fetch(`${url}/v1${path}`, { ...init, headers, signal: AbortSignal.timeout(30_000) });
      told = { status: answer.status, headers: answer.headers, body: await answer.text() };
    } catch {
      // No answer is noted as none.
    }
    const code = told === undefined || told.status < 400 ? '' : (JSON.parse(told.body) as { code: string }).code;
    // A number that the merchant has asked for before is its own order, whose answer was lost.
    if (code !== 'duplicate_order') book.note(told);
    return told === undefined ? 'no_answer' : code;
  };
  const order = async (): Promise<void> => {
    const number = randomBytes(6).toString('hex');
    numbers.push(number);
    const body = JSON.stringify({ merchant_order_no: number, amount: '7.00', currency: 'USD' });
    for (let attempt = 1, said = ''; attempt === 1 || !DONE.includes(said); attempt += 1) {
      // Under a key whose answer was lost with its connection nothing is to be had for as long as its lease lasts.
      const idempotencyKey = said === 'idempotency_in_progress' ? `${number}-${attempt}` : number;
      said = await call('/orders', { method: 'POST', body }, idempotencyKey);
      if (!DONE.includes(said)) await wait(100);
    }
  };
  const ordering = (async (): Promise<void> => {
    while (!state.isDone) {
      await Promise.all([order(), call(`/orders/${known}`)]);
      await wait(50);
    }
  })();
  return {
    finish: async () => {
      state.isDone = true;
      await ordering;
      return numbers;
    },
  };
}
