import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEMS, type ProblemCode } from '../core/errors';

interface Reason {
  readonly code: ProblemCode;
  readonly detail: string;
}

/** What Node's parser calls a request that it gives up on; everything else is malformed. */
const REASONS: Readonly<Record<string, Reason>> = {
  HPE_HEADER_OVERFLOW: { code: 'headers_too_large', detail: 'the headers are larger than 16 KiB' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'body_too_large', detail: 'the extensions of chunks are larger than 16 KiB' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout', detail: 'the request did not arrive in time' },
};
const MALFORMED: Reason = { code: 'invalid_request', detail: 'this is not HTTP' };
const NO_PROXY: Reason = { code: 'invalid_request', detail: 'this is no proxy' };
/** So long a refused connection stays open, for its sender to read the answer. */
const REST_MS = 2_000;

/**
 * Answers what is no HTTP request, and so reaches no route: as a problem like everything else, without a request id,
 * because it has none. The connection is closed: where the next request would begin is unknown. Requests that came whole
 * before it are answered first, so that nobody takes this answer for that of another request.
 */
export function answerMalformedRequests(server: Server): void {
  const exchanges = watchExchanges(server);
  const refused = new WeakSet<Duplex>();
  const refuse = (socket: Duplex, reason: Reason): void => {
    // The parser says the same of everything that still comes.
    if (refused.has(socket)) return;
    refused.add(socket);
    const whole = [...(exchanges.get(socket)?.open ?? [])].filter((res) => res.req.complete);
    const last = whole.at(-1);
    const end = (): void => {
      endWith(socket, reason, exchanges.get(socket)?.latest);
    };
    if (last === undefined) end();
    else last.once('close', end);
  };
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    else refuse(socket, REASONS[error.code ?? ''] ?? MALFORMED);
  });
  server.on('connect', (_req: IncomingMessage, socket: Duplex) => {
    // From here on the socket is nobody's, and an error that nobody hears of ends the process.
    socket.on('error', () => socket.destroy());
    refuse(socket, NO_PROXY);
  });
}

interface Exchanges {
  /** Answers that have not gone out. */
  readonly open: Set<ServerResponse>;
  /** The answer to the last request that came. */
  latest: ServerResponse;
}

function watchExchanges(server: Server): WeakMap<Duplex, Exchanges> {
  const exchanges = new WeakMap<Duplex, Exchanges>();
  server.prependListener('request', ({ socket }: IncomingMessage, res: ServerResponse) => {
    const own = exchanges.get(socket) ?? { open: new Set(), latest: res };
    exchanges.set(socket, own);
    own.open.add(res);
    own.latest = res;
    res.once('close', own.open.delete.bind(own.open, res));
  });
  return exchanges;
}

/** A request that broke off in its body gets this for its answer, unless it has begun to get another. */
function endWith(socket: Duplex, { code, detail }: Reason, latest: ServerResponse | undefined): void {
  const isAnswered = latest !== undefined && !latest.req.complete && latest.headersSent;
  if (!socket.writable || isAnswered) {
    socket.destroy();
    return;
  }
  const { status, title } = PROBLEMS[code];
  const body = JSON.stringify({ type: `urn:quittance:problem:${code}`, title, status, code, detail });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), REST_MS);
  timer.unref();
  socket.once('close', () => {
    clearTimeout(timer);
  });
}
