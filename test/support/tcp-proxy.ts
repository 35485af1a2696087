import { type Server, type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';

/** Stands between us and a server, so that a test can take the server away without stopping it for everybody else. */
export interface TcpProxy {
  readonly port: number;
  /** Cuts every connection and refuses new ones. */
  down(): Promise<void>;
  /** Resets every connection, as a crashed host does that is back; new ones work. */
  reset(): void;
  /** Resets every connection and each new one as it comes, without giving up the port. */
  cut(): void;
  /**
   * Keeps and takes connections but passes nothing on, in either direction, as a firewall does that has forgotten them.
   * Those that are there now stay dead for ever; new ones work again after `up`.
   */
  hang(): void;
  /** From now on whatever passes, in either direction, is held up for so many milliseconds; 0 for not at all. */
  delay(ms: number): void;
  /** Ends `down`, `cut` and `hang`. */
  up(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: 'passing' | 'hanging' | 'cut' = 'passing';
  let delayMs = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };
  const line = (): Transform =>
    new Transform({
      transform: (chunk, _encoding, passOn) => {
        if (delayMs === 0) passOn(null, chunk);
        else setTimeout(passOn, delayMs, null, chunk);
      },
    });
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer({ noDelay: true }, (client) => {
        keep(client);
        if (state !== 'passing') {
          if (state === 'cut') client.resetAndDestroy();
          else client.resume();
          return;
        }
        const upstream = connect({ ...target, noDelay: true });
        keep(upstream);
        client.pipe(line()).pipe(upstream).pipe(line()).pipe(client);
        client.once('close', () => upstream.destroy());
        upstream.once('close', () => client.destroy());
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(server);
      });
    });
  let server: Server | undefined = await listen(0);
  const { port } = server.address() as AddressInfo;
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port,
    down: async () => {
      const closing = server;
      if (closing === undefined) return;
      server = undefined;
      const closed = new Promise((resolve) => closing.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    reset,
    cut: () => {
      state = 'cut';
      reset();
    },
    hang: () => {
      state = 'hanging';
      for (const socket of sockets) socket.unpipe().resume();
    },
    delay: (ms) => {
      delayMs = ms;
    },
    up: async () => {
      state = 'passing';
      server ??= await listen(port);
    },
  };
}
