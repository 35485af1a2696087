import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface DrainTimes {
  /** For so long a silent connection is left open for the request that may be on its way. */
  readonly lingerMs: number;
  /** How long requests that have begun may take. */
  readonly drainMs: number;
}

const DRAIN_TIMES: DrainTimes = { lingerMs: 500, drainMs: 10_000 };
const LOOK_MS = 50;

interface Connection {
  /** Answers that have not gone out. */
  readonly answers: Set<ServerResponse>;
  /** What had arrived when it was last looked at, and when that was. */
  bytes: number;
  at: number;
}

/**
 * Watches the connections of a server, so that stopping it cuts nobody off. A client that keeps its connection alive may
 * have the next request on the wire at the moment when we close, and would see it fail. So an open connection is told with
 * its next answer that this is the last (`Connection: close`), and only one that says nothing for a while is closed by us.
 * @returns takes no more connections and resolves when every request that arrived on the others is answered
 */
export function watchConnections(server: Server): (times?: Partial<DrainTimes>) => Promise<void> {
  const connections = new Map<Socket, Connection>();
  let draining = false;

  server.on('connection', (socket: Socket) => {
    connections.set(socket, { answers: new Set(), bytes: 0, at: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  server.prependListener('request', ({ socket }, res) => {
    const answers = connections.get(socket)?.answers;
    if (answers !== undefined) {
      answers.add(res);
      res.once('close', answers.delete.bind(answers, res));
    }
    if (draining) sayLast(res);
  });

  const closeSilent = (lingerMs: number): void => {
    const now = performance.now();
    for (const [socket, connection] of connections) {
      if (connection.answers.size > 0 || socket.bytesRead !== connection.bytes) {
        connection.bytes = socket.bytesRead;
        connection.at = now;
      } else if (now - connection.at >= lingerMs) socket.destroy();
    }
  };

  return async (times) => {
    const { lingerMs, drainMs } = { ...DRAIN_TIMES, ...times };
    // Right after the event loop has taken in whoever had connected: those behind them are refused by the system.
    await new Promise((resolve) => setImmediate(resolve));
    draining = true;
    const closed = new Promise<void>((resolve) => {
      // Not the HTTP server's own close, which destroys every connection that is idle at this instant.
      NetServer.prototype.close.call(server, () => {
        resolve();
      });
    });
    const now = performance.now();
    for (const [socket, connection] of connections) {
      connection.bytes = socket.bytesRead;
      connection.at = now;
      for (const res of connection.answers) sayLast(res);
    }
    const looking = setInterval(closeSilent, LOOK_MS, lingerMs);
    const deadline = setTimeout(() => {
      server.closeAllConnections();
    }, drainMs);
    await closed;
    clearInterval(looking);
    clearTimeout(deadline);
    // Ends what the HTTP server does besides listening: it looks after slow requests.
    server.close();
  };
}

function sayLast(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}
