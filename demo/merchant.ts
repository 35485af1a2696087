import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type Misbehaviour, createTemper } from './behaviour';
import { createClient } from './client';
import { serveParent } from './ipc';
import type { KnownOrder, MerchantCalls } from './merchant-calls';
import { createMailbox } from './mailbox';

/** The simulated merchants, a process of its own: one server that each of them has a path on, and what they remember. */
const mailbox = createMailbox();
const temper = createTemper();

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const merchant = request.url?.replace(/^\/hooks\//, '') ?? '';
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  mailbox.arrived();
  const { delayMs, misbehaviour } = temper(merchant);
  if (delayMs > 0) await wait(delayMs);
  if (misbehaviour !== undefined) {
    mailbox.failed(misbehaviour);
    misbehave(misbehaviour, response);
    return;
  }
  const genuine = mailbox.open(merchant, Buffer.concat(chunks).toString('utf8'), request.headers);
  response.statusCode = genuine ? 200 : 400;
  response.end(genuine ? 'success' : 'who are you?');
}

function misbehave(misbehaviour: Misbehaviour, response: ServerResponse): void {
  switch (misbehaviour) {
    case 'answered 500':
      response.statusCode = 500;
      response.end('our database is on holiday');
      return;
    case 'answered 200 without "success"':
      response.end('please hold the line');
      return;
    case 'hung up':
      response.destroy();
      return;
  }
}

const server = createServer((request, response) => {
  take(request, response).catch(() => response.destroy());
});

async function ask({ url, keys, orders }: MerchantCalls['ask']['asks']): Promise<Record<string, string>> {
  const stateOf = async ({ merchant, id }: KnownOrder): Promise<[string, string]> => {
    const { status, body } = await createClient(url, keys[merchant] ?? '').get(`/v1/orders/${id}`);
    return [id, status === 200 ? String(body['status']) : `answered ${status}`];
  };
  return Object.fromEntries(await Promise.all(orders.map(stateOf)));
}

serveParent<MerchantCalls>({
  open: () =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
        resolve({ url: `http://127.0.0.1:${port}` });
      });
    }),
  meet: ({ merchant, secret, behaviour }) => {
    mailbox.meet(merchant, secret);
    temper.meet(merchant, behaviour);
    return undefined;
  },
  counts: () => mailbox.counts(),
  report: () => mailbox.report(),
  ask,
});
