import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { Agent, buildConnector } from 'undici';
import { isBlockedPort } from './blocked-ports';
import { PrivateAddress, createPublicLookup, isPrivateLiteral } from './private-addresses';

/** What came of one POST. `unreachable` covers everything that is not an answer: no name, no connection, no time. */
export type HttpAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfter: string | undefined;
      /** The answer's body as UTF-8, at most `maxAnswerBytes` of it. */
      readonly body: string;
      /** True where the body was longer and the rest was not read. */
      readonly cut: boolean;
    }
  | { readonly kind: 'unreachable'; readonly why: string };

export interface HttpClient {
  /** One POST, without redirects and without repeats. Never throws: what went wrong is in the answer, fit for a merchant to read. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Whether addresses of the operator's own network may be called; for development. */
  readonly allowPrivate: boolean;
  /** From the beginning of the request to the last byte of the answer. */
  readonly timeoutMs?: number;
  readonly maxAnswerBytes?: number;
  /** Name servers to ask instead of the machine's own; where private addresses are allowed, the machine looks names up. */
  readonly nameServers?: readonly string[];
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const timeoutMs = options.timeoutMs ?? 15_000;
  const maxAnswerBytes = options.maxAnswerBytes ?? 64 * 1024;
  // How many connections there are at once is bounded by how many attempts are in flight; idle ones close after four
  // seconds, whatever the server would like. Connections belong to an origin, so that a name never gets another's. Nothing
  // is decompressed: no encoding is asked for, and what comes is read as it is.
  const agent = new Agent({
    connect: guardedConnector(options, timeoutMs),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 4_000,
    maxHeaderSize: 16 * 1024,
    pipelining: 1,
  });
  return {
    post: async (url, headers, body) => {
      const deadline = startDeadline(timeoutMs);
      try {
        const { origin, pathname, search } = new URL(url);
        const path = `${pathname}${search}`;
        const answer = await agent.request({ origin, path, method: 'POST', headers, body, signal: deadline.signal });
        const retryAfter = answer.headers['retry-after'];
        const { text, cut } = await readAtMost(answer.body, maxAnswerBytes);
        return {
          kind: 'answered',
          status: answer.statusCode,
          retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
          body: text,
          cut,
        };
      } catch (error) {
        const why =
          deadline.hasPassed() || isTimeout(error) ? `no complete answer within ${timeoutMs / 1000} s` : explain(error);
        return { kind: 'unreachable', why };
      } finally {
        deadline.end();
      }
    },
    close: () => agent.destroy(),
  };
}

/**
 * The last look before a socket opens. Lookup hooks are not called for literal addresses, so those are refused before the
 * connector sees them; names are refused by what they resolve to.
 */
function guardedConnector(options: HttpClientOptions, timeoutMs: number): buildConnector.connector {
  const { allowPrivate, nameServers } = options;
  const connect = buildConnector({
    timeout: timeoutMs,
    // Also where the environment says that certificates need not be verified.
    rejectUnauthorized: true,
    ...(allowPrivate ? {} : { lookup: createPublicLookup({ servers: nameServers }) }),
  });
  return (target, callback) => {
    if (isBlockedPort(target.port)) callback(new BlockedPort(target.port), null);
    else if (!allowPrivate && isPrivateLiteral(target.hostname)) callback(new PrivateAddress(target.hostname), null);
    else connect(target, callback);
  };
}

class BlockedPort extends Error {
  constructor(port: string) {
    super(`port ${port} belongs to another protocol, which endpoints may not use`);
    this.name = 'BlockedPort';
  }
}

interface Deadline {
  readonly signal: EventEmitter;
  hasPassed(): boolean;
  end(): void;
}

/** An emitter and not an `AbortSignal`: one of those costs more than signing, and its timer stays until it would have rung. */
function startDeadline(ms: number): Deadline {
  const signal = new EventEmitter();
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    signal.emit('abort');
  }, ms);
  return {
    signal,
    hasPassed: () => passed,
    end: () => {
      clearTimeout(timer);
    },
  };
}

function readAtMost(stream: Readable, most: number): Promise<{ text: string; cut: boolean }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (cut: boolean): void => {
      resolve({ text: Buffer.concat(chunks, Math.min(size, most)).toString('utf8'), cut });
    };
    stream
      .on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size <= most) return;
        finish(true);
        // With it goes the connection of an answer that never ends.
        stream.destroy();
      })
      .once('end', () => {
        finish(false);
      })
      .on('error', reject)
      .once('close', () => {
        reject(new Error('the answer broke off'));
      });
  });
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name does not exist',
  ENODATA: 'the host name has no address',
  EAI_AGAIN: 'the host name could not be resolved',
  ESERVFAIL: 'the host name could not be resolved',
  EREFUSED: 'the host name could not be resolved',
  ETIMEOUT: 'the name servers of the host did not answer in time',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
};
const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

function isTimeout(error: unknown): boolean {
  return TIMEOUTS.has(codeOf(error));
}

function explain(error: unknown): string {
  if (error instanceof PrivateAddress || error instanceof BlockedPort) return error.message;
  // Node reports the failures of several addresses of one name as one AggregateError.
  if (error instanceof AggregateError && error.errors.length > 0) return explain(error.errors[0]);
  const code = codeOf(error);
  return EXPLANATIONS[code] ?? `the request failed${code === '' ? '' : ` (${code})`}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
