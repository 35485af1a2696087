import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Findings } from './findings';
import type { Merchant, Temper } from './world';

/** What the merchants were told, each message verified by the official library. */
export interface MerchantServers {
  url(merchant: string): string;
  meet(merchant: Merchant, secret: string): void;
  /** From now on everybody answers at once, but whoever has left. */
  heal(): void;
  /** By the order's id. */
  told(): ReadonlyMap<string, Told>;
  counts(): { readonly requests: number; readonly taken: number; readonly again: number; readonly failed: number };
  close(): Promise<void>;
}

export interface Told {
  readonly merchant: string;
  readonly type: string;
  /** The order's status as the message had it. */
  readonly status: string;
  /** The ids of all messages about it; one is right. */
  readonly messages: ReadonlySet<string>;
}

const message = z.object({
  type: z.string(),
  id: z.string(),
  data: z.object({ id: z.string(), status: z.string() }),
});

/** So many requests are answered before a merchant leaves for good. */
const LEAVES_AFTER = 12;
/** Longer than the service waits. */
const HANGS_MS = 25_000;

export async function startMerchantServers(options: {
  readonly findings: Findings;
  /** Until then a merchant that is away is not there. */
  readonly awayMs: number;
}): Promise<MerchantServers> {
  const { findings } = options;
  const met = new Map<string, { readonly temper: Temper; readonly webhook: Webhook; requests: number }>();
  const told = new Map<string, Told & { readonly messages: Set<string> }>();
  const counts = { requests: 0, taken: 0, again: 0, failed: 0 };
  const hanging = new AbortController();
  let healed = false;
  let isAwayUntil = Infinity;

  const remember = (merchant: string, id: string, body: unknown): void => {
    const { type, data, id: said } = message.parse(body);
    counts.taken += 1;
    if (said !== id) findings.add('disagreement', `${merchant} was told ${said} under the webhook-id ${id}`);
    const before = told.get(data.id);
    if (before === undefined) {
      told.set(data.id, { merchant, type, status: data.status, messages: new Set([id]) });
      return;
    }
    counts.again += 1;
    before.messages.add(id);
    if (before.type !== type || before.merchant !== merchant) {
      findings.add('doubled', `${merchant} was told ${type} of ${data.id}, and before that ${before.type}`);
    }
  };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const merchant = request.url?.replace(/^\/hooks\//, '') ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    counts.requests += 1;
    const known = met.get(merchant);
    if (known === undefined) throw new Error(`nobody is called ${merchant}`);
    known.requests += 1;
    if (isAwayUntil === Infinity) isAwayUntil = Date.now() + options.awayMs;
    const failure = moodOf(known.temper, known.requests, { healed, isAway: Date.now() < isAwayUntil });
    if (failure !== undefined) {
      counts.failed += 1;
      await fail(failure, response, hanging.signal);
      return;
    }
    if (known.temper === 'slow' && !healed) await wait(100 + Math.random() * 900);
    try {
      const headers = request.headers as Record<string, string>;
      remember(
        merchant,
        String(headers['webhook-id']),
        known.webhook.verify(Buffer.concat(chunks).toString(), headers),
      );
      response.writeHead(204).end();
    } catch (error) {
      findings.add('forged', `a notification to ${merchant} could not be believed: ${String(error)}`);
      response.writeHead(400).end();
    }
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (merchant) => `http://127.0.0.1:${port}/hooks/${merchant}`,
    meet: ({ key, temper }, secret) => {
      met.set(key, { temper, webhook: new Webhook(secret), requests: 0 });
    },
    heal: () => {
      healed = true;
      hanging.abort();
    },
    told: () => told,
    counts: () => ({ ...counts }),
    close: async () => {
      hanging.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

type Failure = 500 | 410 | 'hangs' | 'cut off';

function moodOf(
  temper: Temper,
  request: number,
  now: { readonly healed: boolean; readonly isAway: boolean },
): Failure | undefined {
  if (temper === 'leaving') return request > LEAVES_AFTER ? 410 : undefined;
  if (now.healed) return undefined;
  if (temper === 'moody' && request % 3 === 0) return 500;
  if (temper === 'hanging' && request % 8 === 0) return 'hangs';
  if (temper === 'rude' && request % 5 === 0) return 'cut off';
  return temper === 'away' && now.isAway ? 'cut off' : undefined;
}

async function fail(failure: Failure, response: ServerResponse, healed: AbortSignal): Promise<void> {
  if (failure === 'hangs') await wait(HANGS_MS, undefined, { signal: healed }).catch(() => undefined);
  if (failure === 'hangs' || failure === 'cut off') response.destroy();
  else response.writeHead(failure).end('not now');
}
