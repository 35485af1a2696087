import { join } from 'node:path';
import { z } from 'zod';
import { type ClientConfig, keptOperatorToken } from '../config';
import { systemClock } from '../core/clock';
import { createIds } from '../core/ids';
import { DATA_FILES, readIfThere } from '../data-dir';
import { oneLine } from '../database/start-refused';
import type { Answer } from './output';

/** A client of the service's API. Every call throws an Error whose message tells a person, in one line, what went wrong. */
export interface ApiClient {
  get(path: string): Promise<Answer>;
  post(path: string, body?: Answer): Promise<Answer>;
  put(path: string, body: Answer): Promise<Answer>;
  delete(path: string): Promise<void>;
  /** Reads a text that is no JSON, and gives it piece by piece as it comes. */
  download(path: string, take: (piece: string) => void): Promise<void>;
  /** Sends a file as it is read, however large. */
  upload(path: string, file: AsyncIterable<Uint8Array>, contentType: string): Promise<Answer>;
  /** Reads a list page by page until it ends or `limit` rows are there. */
  list(path: string, query?: Readonly<Record<string, string | undefined>>, limit?: number): Promise<readonly Answer[]>;
}

const object = z.record(z.string(), z.unknown());
const page = z.object({ data: z.array(object), next_cursor: z.string().nullish() });
const problem = z.object({
  code: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
const TIMEOUT_MS = 30_000;
const DOWNLOAD_TIMEOUT_MS = 600_000;
const UPLOAD_TIMEOUT_MS = 900_000;
const PAGE = 100;

/** @param token sent as `Authorization: Bearer` */
export function createClient(baseUrl: string, token: string): ApiClient {
  const ids = createIds(systemClock);
  const reach = async (path: string, request: RequestInit): Promise<Response> =>
    fetch(new URL(path, baseUrl), request).catch((error: unknown) => {
      throw new Error(`the service at ${baseUrl} cannot be reached: ${oneLine(causeOf(error))}`, { cause: error });
    });
  const send = async (path: string, request: RequestInit): Promise<Answer> => {
    const response = await reach(path, request);
    const answer = readJson(await response.text());
    if (!response.ok) throw new Error(explain(response.status, answer));
    return answer;
  };
  const call = (method: string, path: string, body?: Answer): Promise<Answer> => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (method === 'POST') headers['idempotency-key'] = ids.token();
    const sent = body === undefined ? null : JSON.stringify(body);
    return send(path, { method, headers, body: sent, signal: AbortSignal.timeout(TIMEOUT_MS) });
  };
  return {
    upload: (path, file, contentType) =>
      send(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': contentType },
        body: ReadableStream.from(file),
        duplex: 'half',
        signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS),
      }),
    get: (path) => call('GET', path),
    post: (path, body = {}) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    delete: async (path) => {
      await call('DELETE', path);
    },
    download: async (path, take) => {
      const response = await reach(path, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
      });
      if (!response.ok || response.body === null) {
        throw new Error(explain(response.status, readJson(await response.text())));
      }
      const decoder = new TextDecoder();
      const body: ReadableStream<Uint8Array> = response.body;
      for await (const bytes of body) take(decoder.decode(bytes, { stream: true }));
    },
    list: async (path, query = {}, limit = 1_000) => {
      const rows: Answer[] = [];
      let cursor: string | undefined;
      do {
        const given = { ...query, limit: String(Math.min(PAGE, limit - rows.length)), cursor };
        const pairs = Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined);
        const read = page.parse(await call('GET', `${path}?${new URLSearchParams(pairs).toString()}`));
        rows.push(...read.data);
        cursor = read.next_cursor ?? undefined;
      } while (cursor !== undefined && rows.length < limit);
      return rows;
    },
  };
}

/** The service that the environment names, or the one that runs on the data folder. */
export function operatorClient(config: ClientConfig): ApiClient {
  const token = config.operatorToken ?? keptOperatorToken(config.dataDir);
  if (token === undefined) {
    throw new Error(
      `QUITTANCE_OPERATOR_TOKEN is missing, and there is none in ${config.dataDir}; expected the service's`,
    );
  }
  return createClient(serviceUrl(config), token);
}

export function serviceUrl(config: ClientConfig): string {
  if (config.url !== undefined) return config.url;
  const text = readIfThere(join(config.dataDir, DATA_FILES.service));
  if (text !== undefined) return z.object({ url: z.string() }).parse(JSON.parse(text)).url;
  throw new Error(`no service runs on ${config.dataDir}; start it with "quittance start", or set QUITTANCE_URL`);
}

function readJson(text: string): Answer {
  try {
    return object.parse(text === '' ? {} : JSON.parse(text));
  } catch {
    return {};
  }
}

function explain(status: number, answer: Answer): string {
  const parsed = problem.safeParse(answer);
  if (!parsed.success) return `the service answered ${status}`;
  const { code, detail, errors } = parsed.data;
  // The detail already tells of one wrong field; with several, each is told.
  const fields =
    errors === undefined || errors.length < 2 ? [] : errors.map((field) => `${field.path} ${field.message}`);
  return oneLine(`${code}: ${fields.length === 0 ? (detail ?? `status ${status}`) : fields.join('; ')}`);
}

/** fetch says only that it failed; why is in the cause. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
