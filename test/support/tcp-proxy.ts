import { type Server, type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Stands between us and a server, so that a test can take the server away without stopping it for everybody else. */
export interface TcpProxy {
  readonly port: number;
  /** Cuts every connection and refuses new ones. */
  down(): Promise<void>;
  /**
   * Keeps and takes connections but passes nothing on, in either direction, as a firewall does that has forgotten them.
   * Those that are there now stay dead for ever; new ones work again after `up`.
   */
  hang(): void;
  up(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isHanging = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((client) => {
        keep(client);
        if (isHanging) {
          client.resume();
          return;
        }
        const upstream = connect(target);
        keep(upstream);
        client.pipe(upstream).pipe(client);
        client.once('close', () => upstream.destroy());
        upstream.once('close', () => client.destroy());
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(server);
      });
    });
  let server: Server | undefined = await listen(0);
  const { port } = server.address() as AddressInfo;
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
    hang: () => {
      isHanging = true;
      for (const socket of sockets) socket.unpipe().resume();
    },
    up: async () => {
      isHanging = false;
      server ??= await listen(port);
    },
  };
}
