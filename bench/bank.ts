import { createHmac, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { BankAnswer, BankPayment, BankQuestion, Callbacks } from './bank-calls';
import { answerQuestions } from './child';
import { type HttpCaller, openHttpCaller } from './http-caller';

/** How long the bank waits before it repeats a callback that was not acknowledged. */
const REPEAT_MS = 50;

let requests: readonly Buffer[] = [];

answerQuestions(async (question: BankQuestion): Promise<BankAnswer> => {
  if (question.kind === 'call') return callAll(question.port, question.callers);
  requests = question.payments.map((payment) => signedRequest(question, payment));
  return { acknowledged: 0, tryAgain: 0, refused: 0, elapsedMs: 0, p50: 0, p95: 0, p99: 0 };
});

async function callAll(port: number, connections: number): Promise<BankAnswer> {
  const callers = await Promise.all(Array.from({ length: connections }, () => openHttpCaller(port)));
  const latencies = new Float64Array(requests.length);
  const counts = { tryAgain: 0, refused: 0 };
  let next = 0;
  const call = async (caller: HttpCaller): Promise<void> => {
    for (let index = next++; index < requests.length; index = next++) {
      latencies[index] = await deliver(caller, requests[index] ?? Buffer.alloc(0), counts);
    }
  };
  const startedAt = performance.now();
  await Promise.all(callers.map(call));
  const elapsedMs = performance.now() - startedAt;
  for (const caller of callers) caller.close();
  latencies.sort();
  const quantile = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
  return {
    acknowledged: requests.length - counts.refused,
    ...counts,
    elapsedMs,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
  };
}

/** Repeats a callback until it is acknowledged. @returns how long the answer took that acknowledged it */
async function deliver(
  caller: HttpCaller,
  request: Buffer,
  counts: { tryAgain: number; refused: number },
): Promise<number> {
  for (;;) {
    const sentAt = performance.now();
    const status = await caller.send(request);
    if (status < 300) return performance.now() - sentAt;
    if (status === 503 || status === 429) counts.tryAgain += 1;
    else {
      counts.refused += 1;
      return performance.now() - sentAt;
    }
    await wait(REPEAT_MS);
  }
}

/** The bytes of a genuine callback, signed as Standard Webhooks. */
function signedRequest({ path, secret, receivingAccount }: Callbacks, payment: BankPayment): Buffer {
  const reference = randomBytes(9).toString('hex');
  const id = `msg_${reference}`;
  const time = String(Math.floor(Date.now() / 1_000));
  const body = JSON.stringify({
    type: 'payment.succeeded',
    timestamp: new Date().toISOString(),
    data: {
      id: `pay_${reference}`,
      reference: payment.reference,
      amount: payment.amount,
      currency: payment.currency,
      account: receivingAccount,
      live: true,
    },
  });
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `webhook-id: ${id}`,
    `webhook-timestamp: ${time}`,
    `webhook-signature: v1,${signature}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
