import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Findings } from './findings';
import type { Service } from './services';

export type Body = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly body: Body;
}

/** A client that goes from process to process until one answers, as one behind a balancer does. */
export interface Caller {
  /** @throws Error where nobody has answered for a long time */
  call(method: 'GET' | 'POST' | 'PUT', path: string, body?: Body): Promise<Answer>;
  /** The body of an answer that must be a success. @throws Error that says what was answered instead */
  expect(method: 'GET' | 'POST' | 'PUT', path: string, body?: Body): Promise<Body>;
  /** All pages of a list. */
  list(path: string): Promise<readonly Body[]>;
}

const object = z.record(z.string(), z.unknown());
const page = z.object({ data: z.array(object), next_cursor: z.string().nullish(), has_more: z.boolean().optional() });
const PATIENCE_MS = 240_000;
const TIMEOUT_MS = 10_000;
const PAUSE_MS = 150;

export function createCaller(services: readonly Service[], token: string, findings: Findings): Caller {
  const anyService = (): string => services[Math.floor(Math.random() * services.length)]?.url() ?? '';
  const call: Caller['call'] = async (method, path, body) => {
    // The same key in every repetition: what was cut off may have been done.
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
    };
    const request = { method, headers, body: body === undefined ? null : JSON.stringify(body) };
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await once(`${anyService()}${path}`, request);
      if (answer !== undefined && answer.status >= 500 && answer.status !== 503) {
        findings.add('answer', `${method} ${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
      }
      if (answer !== undefined && !mayComeAgain(answer)) return answer;
      if (Date.now() > deadline) throw new Error(`${method} ${path} has no answer: ${answer?.status ?? 'unreachable'}`);
      await wait(PAUSE_MS);
    }
  };
  const expect: Caller['expect'] = async (method, path, body) => {
    const answer = await call(method, path, body);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  return {
    call,
    expect,
    list: async (path) => {
      const rows: Body[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const query = new URLSearchParams({ limit: '100', ...(cursor === '' ? {} : { cursor }) }).toString();
        const read = page.parse(await expect('GET', `${path}${path.includes('?') ? '&' : '?'}${query}`));
        rows.push(...read.data);
        cursor = read.has_more === false ? undefined : (read.next_cursor ?? undefined);
      }
      return rows;
    },
  };
}

/** Nothing was done, or the first request under this key still runs: another may do it. */
function mayComeAgain({ status, body }: Answer): boolean {
  return status >= 500 || status === 429 || body['code'] === 'idempotency_in_progress';
}

async function once(
  url: string,
  request: { readonly method: string; readonly headers: Record<string, string>; readonly body: string | null },
): Promise<Answer | undefined> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    return { status: response.status, body: object.parse(text === '' ? {} : JSON.parse(text)) };
  } catch {
    return undefined;
  }
}
