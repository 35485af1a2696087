import { type Server, type Socket, createServer } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type HttpClientOptions, createHttpClient } from '../../src/notifications/http-client';
import { type Answers, type NameServer, startNameServer } from '../support/name-server';
import { SELF_SIGNED } from '../support/self-signed';

/** Servers that a merchant may register and that want to hurt: every one gets one request, over real sockets. */
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function client(options: Partial<HttpClientOptions> = {}) {
  const made = createHttpClient({ allowPrivate: true, timeoutMs: 20_000, ...options });
  closing.unshift(() => made.close());
  return made;
}

interface Listening {
  readonly port: number;
  readonly connections: () => number;
}

async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

/** A server below HTTP, which does what it likes with whoever connects. */
const raw = (act: (socket: Socket) => void): Promise<Listening> => listening(createServer(act));

async function names(answers: Answers): Promise<NameServer> {
  const server = await startNameServer(answers);
  closing.push(() => server.close());
  return server;
}

/** Writes again and again until the other side has gone. */
function forever(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.once('close', () => {
    clearInterval(timer);
  });
}

const SHORT = { timeoutMs: 1_000 };
const OUT_OF_TIME = { kind: 'unreachable', why: 'no complete answer within 1 s' };

describe('a name', () => {
  it('that has a private address among public ones is refused', async () => {
    const target = await raw(() => undefined);
    const dns = await names(() => ['8.8.8.8', '127.0.0.1']);
    const answer = await client({ allowPrivate: false, nameServers: [dns.address] }).post(
      `http://shop.example:${target.port}/`,
      {},
      '{}',
    );
    expect(answer).toEqual({
      kind: 'unreachable',
      why: 'shop.example is a private address, which endpoints may not use',
    });
    expect(target.connections()).toBe(0);
  });

  it.each(['169.254.169.254', '10.0.0.5', '100.64.0.1', '0.0.0.0', '224.0.0.1'])(
    'that leads to %s is refused',
    async (address) => {
      const dns = await names(() => [address]);
      const answer = await client({ allowPrivate: false, nameServers: [dns.address] }).post(
        'http://a.example/',
        {},
        '',
      );
      expect(answer).toMatchObject({ kind: 'unreachable', why: expect.stringContaining('private') as string });
    },
  );

  it('that is rebound between two questions gains nothing: what was asked for once is connected to', async () => {
    const target = await raw(() => undefined);
    // Public when it is asked for first, private whenever it is asked for again.
    const dns = await names((_name, asked) => (asked === 1 ? ['192.0.0.8'] : ['127.0.0.1']));
    const http = client({ allowPrivate: false, nameServers: [dns.address], timeoutMs: 2_000 });
    for (let round = 0; round < 3; round += 1) {
      const answer = await http.post(`http://rebind.example:${target.port}/`, {}, '{}');
      expect(answer.kind).toBe('unreachable');
      expect(dns.asked.get('rebind.example')).toBe(round + 1);
    }
    expect(target.connections()).toBe(0);
  });

  it('that is public at first and never asked for a second time connects to the public address', async () => {
    const target = await raw(() => undefined);
    const dns = await names((_name, asked) => (asked === 1 ? ['8.8.4.4'] : ['127.0.0.1']));
    const http = client({ allowPrivate: false, nameServers: [dns.address], timeoutMs: 2_000 });
    const answer = await http.post(`http://once.example:${target.port}/`, {}, '{}');
    expect(answer).toMatchObject({ kind: 'unreachable', why: expect.not.stringContaining('private') as string });
    expect(dns.asked.get('once.example')).toBe(1);
    expect(target.connections()).toBe(0);
  });

  it('whose name server keeps silent holds up no other name', async () => {
    const dns = await names((name) => (name.startsWith('dead') ? 'silence' : ['127.0.0.1']));
    const http = client({ allowPrivate: false, nameServers: [dns.address], timeoutMs: 30_000 });
    let dead = 0;
    const hanging = Array.from({ length: 50 }, (_, index) =>
      http.post(`http://dead${index}.example/`, {}, '{}').then(() => (dead += 1)),
    );
    expect(await http.post('http://alive.example/', {}, '{}')).toMatchObject({
      why: expect.stringContaining('private') as string,
    });
    expect(dead).toBe(0);
    await http.close();
    await Promise.all(hanging);
  });

  it('of this machine is refused before anybody is asked', async () => {
    const dns = await names(() => ['8.8.8.8']);
    const http = client({ allowPrivate: false, nameServers: [dns.address] });
    for (const host of ['localhost', 'LOCALHOST', 'x.localhost', 'localhost.']) {
      expect(await http.post(`http://${host}/`, {}, '')).toMatchObject({
        why: expect.stringContaining('private') as string,
      });
    }
    expect(dns.asked.size).toBe(0);
  });
});

describe('a port', () => {
  it('of another protocol is not connected to', async () => {
    for (const port of [22, 25, 6000]) {
      expect(await client().post(`http://127.0.0.1:${port}/`, {}, '{}')).toEqual({
        kind: 'unreachable',
        why: `port ${port} belongs to another protocol, which endpoints may not use`,
      });
    }
  });
});

describe('a server', () => {
  it('that sends its headers a byte at a time is given up when the time is over', async () => {
    const { port } = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      forever(socket, 'a', 50);
    });
    expect(await client(SHORT).post(`http://127.0.0.1:${port}/`, {}, '{}')).toEqual(OUT_OF_TIME);
  });

  it('that sends its body a byte at a time is given up when the time is over', async () => {
    const { port } = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      forever(socket, 'a', 50);
    });
    expect(await client(SHORT).post(`http://127.0.0.1:${port}/`, {}, '{}')).toEqual(OUT_OF_TIME);
  });

  it('that answers with early hints for ever is given up when the time is over', async () => {
    const { port } = await raw((socket) => {
      forever(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 5);
    });
    expect(await client(SHORT).post(`http://127.0.0.1:${port}/`, {}, '{}')).toEqual(OUT_OF_TIME);
  });

  it('that takes the connection and shakes no hand is given up when the time is over', async () => {
    const { port } = await raw(() => undefined);
    expect(await client(SHORT).post(`https://127.0.0.1:${port}/`, {}, '{}')).toEqual(OUT_OF_TIME);
  });

  it('that sends headers without end is cut off', async () => {
    const { port } = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = (): void => {
        while (!socket.destroyed && socket.write(`x-${'a'.repeat(100)}: ${'b'.repeat(1_000)}\r\n`));
      };
      socket.on('drain', more);
      more();
    });
    expect(await client().post(`http://127.0.0.1:${port}/`, {}, '{}')).toEqual({
      kind: 'unreachable',
      why: 'the headers of the answer are too large',
    });
  });

  it('that sends what unpacks to gigabytes has it read as it is, and was asked for no encoding', async () => {
    let asked: string | undefined = 'nobody';
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const server = createHttpServer((req, res) => {
      asked = req.headers['accept-encoding'];
      res.writeHead(200, { 'content-encoding': 'gzip' });
      res.end(bomb);
    });
    const { port } = await listening(server);
    const answer = await client().post(`http://127.0.0.1:${port}/`, {}, '{}');
    expect(answer).toMatchObject({ kind: 'answered', status: 200 });
    expect(answer.kind === 'answered' && Buffer.byteLength(answer.body)).toBeLessThan(bomb.length * 4);
    expect(asked).toBeUndefined();
  });

  it('whose certificate nobody has signed is refused before it hears anything', async () => {
    let heard = 0;
    const server = createTlsServer(SELF_SIGNED, (_req, res) => {
      heard += 1;
      res.end();
    });
    const { port } = await listening(server);
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await client().post(`https://localhost:${port}/`, {}, '{}')).toEqual({
        kind: 'unreachable',
        why: 'the certificate is self-signed',
      });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect(heard).toBe(0);
  });

  it('that redirects to the metadata of a cloud is not followed there', async () => {
    const server = createHttpServer((_req, res) => {
      res.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data/' });
      res.end();
    });
    const { port } = await listening(server);
    expect(await client().post(`http://127.0.0.1:${port}/`, {}, '{}')).toMatchObject({ kind: 'answered', status: 307 });
  });

  it('gets connections of its own for each name by which it is called', async () => {
    const server = createHttpServer((_req, res) => res.end());
    const { port, connections } = await listening(server);
    const http = client();
    for (const host of ['127.0.0.1', 'localhost', '127.0.0.1', 'localhost']) {
      await http.post(`http://${host}:${port}/`, {}, '{}');
    }
    expect(connections()).toBe(2);
  });
});
