import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { answerQuestions } from './child';
import type { MerchantAnswer, MerchantQuestion } from './merchant-calls';

/** All merchants' servers in one: takes every notification, remembers its id, and answers 204. */
let seen = new Set<string>();
let repeated = 0;
let forged = 0;
let url = '';
let webhook: Webhook | undefined;
let reached: { count: number; resolve: () => void } | undefined;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    take(request, response, chunks);
  });
});
server.keepAliveTimeout = 60_000;

function take(request: IncomingMessage, response: ServerResponse, chunks: readonly Buffer[]): void {
  const id = String(request.headers['webhook-id']);
  if (seen.has(id)) repeated += 1;
  seen.add(id);
  if (seen.size % 100 === 0) check(request, Buffer.concat(chunks).toString());
  response.writeHead(204).end();
  if (reached !== undefined && seen.size >= reached.count) reached.resolve();
}

function check(request: IncomingMessage, body: string): void {
  try {
    webhook?.verify(body, request.headers as Record<string, string>);
  } catch {
    forged += 1;
  }
}

function awaited(count: number, withinMs: number): Promise<void> {
  if (seen.size >= count) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, withinMs);
    reached = {
      count,
      resolve: () => {
        clearTimeout(timer);
        reached = undefined;
        resolve();
      },
    };
  });
}

answerQuestions(async (question: MerchantQuestion): Promise<MerchantAnswer> => {
  switch (question.kind) {
    case 'listen':
      webhook = new Webhook(question.secret);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      break;
    case 'await':
      await awaited(question.count, question.withinMs);
      break;
    case 'forget':
      seen = new Set();
      repeated = 0;
      break;
  }
  return { url, distinct: seen.size, repeated, forged };
});
