import { createHmac, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type {
  BankAnswers,
  BankPayment,
  BankQuestion,
  Called,
  Callbacks,
  ClosedLoop,
  Offered,
  OpenLoop,
} from './bank-calls';
import { answerQuestions } from './child';
import { type HttpCaller, openHttpCaller } from './http-caller';
import { quantile } from './median';
import { offer } from './open-loop';

/** How long the bank waits before it repeats a callback that was not acknowledged. */
const REPEAT_MS = 50;

/** What is signed and not yet acknowledged. */
let requests: readonly Buffer[] = [];

answerQuestions(async (question: BankQuestion): Promise<BankAnswers[BankQuestion['kind']]> => {
  switch (question.kind) {
    case 'sign':
      requests = question.payments.map((payment) => signedRequest(question, payment));
      return { callbacks: requests.length };
    case 'call':
      return callAll(question);
    case 'offer':
      return offerAll(question);
  }
});

async function offerAll(question: OpenLoop): Promise<Offered> {
  const offered = await offer(requests, question);
  requests = requests.filter((_, index) => offered.outcomes[index] !== 'acknowledged');
  return { ...offered, left: requests.length };
}

async function callAll({ ports, callers: connections }: ClosedLoop): Promise<Called> {
  const callers = await Promise.all(
    Array.from({ length: connections }, (_, index) => openHttpCaller(ports[index % ports.length] ?? 0)),
  );
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
  return {
    acknowledged: requests.length - counts.refused,
    ...counts,
    elapsedMs,
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
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
    const { status } = await caller.send(request);
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
