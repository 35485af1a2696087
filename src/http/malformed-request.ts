import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEMS, type ProblemCode } from '../core/errors';

/** What Node's parser calls a request that it gives up on; everything else is malformed. */
const REASONS: Readonly<Record<string, { readonly code: ProblemCode; readonly detail: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'headers_too_large', detail: 'the headers are larger than 16 KiB' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout', detail: 'the request did not arrive in time' },
};

/**
 * Answers what is no HTTP request, and so reaches no route: as a problem like everything else, without a request id,
 * because it has none. The connection is closed: where the next request would begin is unknown.
 */
export function answerMalformedRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const { code, detail } = REASONS[error.code ?? ''] ?? { code: 'invalid_request', detail: 'this is not HTTP' };
    const { status, title } = PROBLEMS[code];
    const body = JSON.stringify({ type: `urn:quittance:problem:${code}`, title, status, code, detail });
    socket.end(
      `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
}
