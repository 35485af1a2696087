import { type RequestListener, createServer } from 'node:http';
import { isCode } from './data-dir';
import { StartRefused } from './database/start-refused';
import { answerMalformedRequests } from './http/malformed-request';

export interface Listener {
  /** Where the service can be reached, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** Takes no more connections and resolves when every request that has begun is answered. */
  close(): Promise<void>;
}

/** How long requests that have begun may take once the service stops. */
const DRAIN_MS = 10_000;
/** How soon a connection is closed whose last request was answered while the service stops. */
const IDLE_MS = 50;

/**
 * Listens for HTTP. The limits keep slow or endless senders from holding connections: a bank's callback is small and comes
 * at once.
 * @param where port 0 takes a free one
 * @throws StartRefused where the port is taken or the host is not ours
 */
export async function listen(app: RequestListener, where: { host: string; port: number }): Promise<Listener> {
  const server = createServer(
    // A statement of 512 MiB takes its time; every other body has half a minute (src/http/body-deadline.ts).
    { headersTimeout: 10_000, requestTimeout: 900_000, keepAliveTimeout: 65_000, maxHeaderSize: 16_384 },
    app,
  );
  answerMalformedRequests(server);
  server.maxHeadersCount = 100;
  // Each may be sending a body of 256 KiB that nobody has verified yet.
  server.maxConnections = 2_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(refusal(error, where));
    });
    server.listen(where.port, where.host, resolve);
  });
  const address = server.address();
  const port = address === null || typeof address === 'string' ? where.port : address.port;
  const host = where.host.includes(':') ? `[${where.host}]` : where.host;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      const deadline = setTimeout(() => {
        server.closeAllConnections();
      }, DRAIN_MS);
      // Node closes the connections that are idle now; one that is busy would stay open for its next request.
      const idle = setInterval(() => {
        server.closeIdleConnections();
      }, IDLE_MS);
      server.close(() => {
        clearTimeout(deadline);
        clearInterval(idle);
        resolve();
      });
    });
  return { url: `http://${host}:${port}`, close };
}

function refusal(error: Error, { host, port }: { host: string; port: number }): Error {
  if (isCode(error, 'EADDRINUSE')) {
    return new StartRefused(
      `port ${port} of ${host} is taken; stop what listens there, or set PORT (0 takes a free one)`,
    );
  }
  if (isCode(error, 'EACCES')) return new StartRefused(`this user may not listen on port ${port}; set PORT above 1023`);
  if (isCode(error, 'EADDRNOTAVAIL') || isCode(error, 'ENOTFOUND')) {
    return new StartRefused(`HOST is "${host}", which is no address of this machine; expected one such as 127.0.0.1`);
  }
  return error;
}
