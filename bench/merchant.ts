import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { answerQuestions } from './child';
import { ENDPOINTS, type MerchantAnswers, type MerchantQuestion, type Told } from './merchant-calls';

/** All merchants' servers in one: takes every notification, remembers its id, and answers as the path says. */
let seen = new Set<string>();
let repeated = 0;
let forged = 0;
let sick = 0;
let at: number[] = [];
let delayMs: number[] = [];
let webhook: Webhook | undefined;
let reached: { count: number; resolve: () => void } | undefined;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    take(request, response, Buffer.concat(chunks).toString());
  });
});
server.keepAliveTimeout = 60_000;

function take(request: IncomingMessage, response: ServerResponse, body: string): void {
  const path = request.url ?? '';
  if (path.startsWith(ENDPOINTS.hanging)) sick += 1;
  else if (path.startsWith(ENDPOINTS.failing)) {
    sick += 1;
    response.writeHead(500).end();
  } else {
    remember(String(request.headers['webhook-id']), body);
    if (seen.size % 100 === 0) check(request, body);
    response.writeHead(204).end();
    if (reached !== undefined && seen.size >= reached.count) reached.resolve();
  }
}

function remember(id: string, body: string): void {
  if (seen.has(id)) {
    repeated += 1;
    return;
  }
  seen.add(id);
  const now = Date.now();
  at.push(now);
  // The payload's own timestamp comes before that of anything in its data.
  delayMs.push(now - Date.parse(/"timestamp":"([^"]+)"/.exec(body)?.[1] ?? ''));
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

async function listening(secret: string): Promise<MerchantAnswers['listen']> {
  webhook = new Webhook(secret);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function forget(): object {
  seen = new Set();
  repeated = 0;
  sick = 0;
  at = [];
  delayMs = [];
  return {};
}

const told = (): Told => ({ distinct: seen.size, repeated, forged });

answerQuestions(async (question: MerchantQuestion): Promise<MerchantAnswers[MerchantQuestion['kind']]> => {
  switch (question.kind) {
    case 'listen':
      return listening(question.secret);
    case 'await':
      await awaited(question.count, question.withinMs);
      return told();
    case 'forget':
      return forget();
    case 'arrivals':
      return { at, delayMs, sick };
  }
});
