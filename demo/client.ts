import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';

export type Body = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly body: Body;
}

/** A client of the service that goes on asking while the service is away, as any client should. */
export interface Client {
  get(path: string): Promise<Answer>;
  post(path: string, body: Body): Promise<Answer>;
  put(path: string, body: Body): Promise<Answer>;
  /** All pages of a list. @throws Error where it cannot be read */
  list(path: string): Promise<readonly Body[]>;
}

const object = z.record(z.string(), z.unknown());
const page = z.object({ data: z.array(object), next_cursor: z.string().nullish() });
const PATIENCE_MS = 30_000;
const PAUSE_MS = 250;

export function createClient(url: string, token: string): Client {
  /** One answer below 500; a request that was cut off is sent again, under the same key where it creates something. */
  const call = async (method: string, path: string, body?: Body): Promise<Answer> => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
    };
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await once(new URL(path, url), {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      });
      if (answer !== undefined && answer.status < 500) return answer;
      if (Date.now() > deadline) throw new Error(`${method} ${path} has no answer: ${answer?.status ?? 'unreachable'}`);
      await wait(PAUSE_MS);
    }
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    list: async (path) => {
      const rows: Body[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const query = new URLSearchParams({ limit: '100', ...(cursor === '' ? {} : { cursor }) }).toString();
        const { status, body } = await call('GET', `${path}${path.includes('?') ? '&' : '?'}${query}`);
        if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
        const read = page.parse(body);
        rows.push(...read.data);
        cursor = read.next_cursor ?? undefined;
      }
      return rows;
    },
  };
}

async function once(
  url: URL,
  request: { method: string; headers: Record<string, string>; body: string | null },
): Promise<Answer | undefined> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    return { status: response.status, body: object.parse(text === '' ? {} : JSON.parse(text)) };
  } catch {
    return undefined;
  }
}

/**
 * Posts what may be done twice. A request that was cut off holds its key for a while, and the service says that it still
 * runs; under another key it is simply asked again.
 */
export async function postAgain(client: Client, path: string): Promise<Answer> {
  for (;;) {
    const answer = await client.post(path, {});
    if (answer.body['code'] !== 'idempotency_in_progress') return answer;
    await wait(PAUSE_MS);
  }
}

/** The body of an answer that must be a success. @throws Error that says what was answered instead */
export function expectOk({ status, body }: Answer, what: string): Body {
  if (status >= 200 && status < 300) return body;
  throw new Error(`${what} answered ${status} ${JSON.stringify(body)}`);
}

/** A field that must be a text. */
export function textOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`"${name}" is missing in ${JSON.stringify(body)}`);
  return value;
}
