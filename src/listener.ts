import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer } from 'node:http';
import type { OperationsConfig } from './config-operations';
import { isCode } from './data-dir';
import { StartRefused } from './database/start-refused';
import { watchConnections } from './http/draining';
import { answerMalformedRequests } from './http/malformed-request';
import { messageClasses } from './http/message-classes';

export interface Listener {
  /** Where the service can be reached, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** Takes no more connections and resolves when every request that has begun is answered. */
  close(): Promise<void>;
}

/** What a sender may take its time for, in milliseconds, and how much it may send. */
export interface ListenerLimits {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  /** How often Node looks for those who are too slow: a limit may be exceeded by so much. */
  readonly connectionsCheckingInterval: number;
  readonly maxHeaderSize: number;
  /** Each may be sending a body of 256 KiB that nobody has verified yet. */
  readonly maxConnections: number;
}

const LIMITS: ListenerLimits = {
  headersTimeout: 10_000,
  // A statement of 512 MiB takes its time; every other body has half a minute (src/http/body-deadline.ts).
  requestTimeout: 900_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
  maxConnections: 4_000,
};
/** What Node would answer by itself is for the application to answer. */
const OURS = { requireHostHeader: false };
/** Node drops the headers beyond the limit silently; no callback has half as many. */
const MOST_HEADERS = 100;

/** The limits of a configuration. Whoever allows little time wants it looked at in time. */
export function limitsOf({ senders }: Pick<OperationsConfig, 'senders'>): Partial<ListenerLimits> {
  const { headersMs: headersTimeout, mostConnections: maxConnections } = senders;
  const connectionsCheckingInterval = Math.min(LIMITS.connectionsCheckingInterval, Math.ceil(headersTimeout / 4));
  return { headersTimeout, maxConnections, connectionsCheckingInterval };
}

/**
 * Listens for HTTP. The limits keep slow or endless senders from holding connections: a bank's callback is small and comes
 * at once.
 * @param where port 0 takes a free one
 * @throws StartRefused where the port is taken or the host is not ours
 */
export async function listen(
  app: RequestListener,
  where: { host: string; port: number },
  changes: Partial<ListenerLimits> = {},
): Promise<Listener> {
  const limits = { ...LIMITS, ...changes };
  const server = createServer({ ...limits, ...OURS, ...messageClasses(app) }, app);
  answerMalformedRequests(server);
  letTheApplicationAnswer(server);
  const drain = watchConnections(server);
  server.maxHeadersCount = MOST_HEADERS;
  server.maxConnections = limits.maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(refusal(error, where));
    });
    server.listen(where.port, where.host, resolve);
  });
  const address = server.address();
  const port = address === null || typeof address === 'string' ? where.port : address.port;
  const host = where.host.includes(':') ? `[${where.host}]` : where.host;
  return { url: `http://${host}:${port}`, close: () => drain() };
}

/**
 * Without a listener Node tells every caller who asks (`Expect: 100-continue`) to send his body, and answers any other
 * expectation by itself, without a problem.
 */
function letTheApplicationAnswer(server: Server): void {
  for (const event of ['checkContinue', 'checkExpectation']) {
    server.on(event, (req: IncomingMessage, res: ServerResponse) => {
      server.emit('request', req, res);
    });
  }
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
