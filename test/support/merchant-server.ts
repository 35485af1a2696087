import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** How the merchant answers one request. */
export type Behaviour =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly afterMs?: number;
      /** Answers when this has resolved. */
      readonly when?: Promise<unknown>;
    }
  /** Takes the request and never answers. */
  | 'silence'
  /** Answers 200 and sends a body that never ends, as fast as it is read. */
  | 'endless_body'
  /** Answers 200 and sends one byte of its body now and then. */
  | 'slow_body'
  /** Breaks the connection. */
  | 'reset';

export interface ReceivedWebhook {
  readonly id: string;
  readonly path: string;
  readonly body: string;
  readonly signature: string;
  readonly traceparent: string;
  /** Whether the official library accepts it under each of the merchant's secrets, in their order. */
  readonly verified: readonly boolean[];
  readonly at: number;
}

export interface MerchantServer {
  readonly url: string;
  readonly received: readonly ReceivedWebhook[];
  /** The most requests that were open at once. */
  readonly mostAtOnce: () => number;
  /** Takes these behaviours for the next requests, then the usual one again. */
  script(...next: readonly Behaviour[]): void;
  usually(behaviour: Behaviour): void;
  /** Verifies with these secrets from now on. */
  useSecrets(...secrets: readonly string[]): void;
  close(): Promise<void>;
}

/** A merchant's server that verifies every webhook with the official library and fails as it is told. */
export async function startMerchantServer(...secrets: readonly string[]): Promise<MerchantServer> {
  const received: ReceivedWebhook[] = [];
  const script: Behaviour[] = [];
  let keys = secrets;
  let usual: Behaviour = { status: 200 };
  let open = 0;
  let most = 0;
  const server = createServer((req, res) => {
    open += 1;
    most = Math.max(most, open);
    res.once('close', () => (open -= 1));
    void readBody(req).then((body) => {
      received.push(webhookOf(req, body, keys));
      act(script.shift() ?? usual, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    mostAtOnce: () => most,
    script: (...next) => script.push(...next),
    usually: (behaviour) => (usual = behaviour),
    useSecrets: (...next) => (keys = next),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function webhookOf(req: IncomingMessage, body: string, secrets: readonly string[]): ReceivedWebhook {
  const header = (name: string): string => String(req.headers[name] ?? '');
  const headers = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, header(name)]),
  );
  const verified = secrets.map((secret) => {
    try {
      new Webhook(secret).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  });
  return {
    id: header('webhook-id'),
    path: req.url ?? '',
    body,
    signature: header('webhook-signature'),
    traceparent: header('traceparent'),
    verified,
    at: Date.now(),
  };
}

function act(behaviour: Behaviour, res: ServerResponse): void {
  if (behaviour === 'silence') return;
  if (behaviour === 'reset') {
    res.destroy();
    return;
  }
  if (behaviour === 'endless_body' || behaviour === 'slow_body') {
    res.writeHead(200, { 'content-type': 'text/plain' });
    if (behaviour === 'endless_body') pour(res);
    else drip(res);
    return;
  }
  void Promise.resolve(behaviour.when).then(() => {
    setTimeout(() => {
      res.writeHead(behaviour.status, behaviour.headers);
      res.end(behaviour.body ?? '');
    }, behaviour.afterMs ?? 0);
  });
}

function pour(res: ServerResponse): void {
  const chunk = Buffer.alloc(16 * 1024, 'x');
  const more = (): void => {
    while (!res.destroyed && res.write(chunk));
  };
  res.on('drain', more);
  more();
}

function drip(res: ServerResponse): void {
  const timer = setInterval(() => res.write('x'), 50);
  res.once('close', () => {
    clearInterval(timer);
  });
}
