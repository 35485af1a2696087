import { type Socket, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Listener, listen } from '../../src/listener';
import { OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/** Senders that are slow, endless, or many: each is ended by a limit, and others are answered meanwhile. */
let world: World;
let listener: Listener;
let port: number;

beforeAll(async () => {
  world = await startWorld({ working: false });
  listener = await listen(
    world.wired.app,
    { host: '127.0.0.1', port: 0 },
    { headersTimeout: 1_000, requestTimeout: 1_500, connectionsCheckingInterval: 50, maxConnections: 40 },
  );
  port = Number(new URL(listener.url).port);
});
afterAll(async () => {
  await listener.close();
  await world.stop();
});

interface Opened {
  readonly socket: Socket;
  readonly answer: () => string;
  readonly closed: Promise<unknown>;
}

async function open(bytes = ''): Promise<Opened> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += data.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const connected = new Promise((resolve) => socket.once('connect', resolve));
  await Promise.race([connected, closed]);
  if (bytes !== '' && socket.writable) socket.write(bytes);
  return { socket, answer: () => answer, closed };
}

async function raw(bytes: string): Promise<string> {
  const { answer, closed } = await open(bytes);
  await closed;
  return answer();
}

/**
 * Sends a piece again and again until the other side has had enough. A piece that is written as the connection is closed breaks
 * it, and then the answer may be lost on its way: whoever has heard nothing tries once more.
 */
async function drip(start: string, piece: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const { socket, answer, closed } = await open(start);
    const dripping = setInterval(() => socket.write(piece), 25);
    await closed;
    clearInterval(dripping);
    if (answer() !== '' || tries === 5) return answer();
  }
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
const isFine = async (): Promise<void> => {
  expect((await fetch(`${listener.url}/healthz`)).status).toBe(200);
};

it('headers that drip in are ended', async () => {
  expect(statusOf(await drip('GET /healthz HTTP/1.1\r\nHost: x\r\n', 'X-More: 1\r\n'))).toBe(408);
  await isFine();
});

it('a connection that says nothing at all is ended', async () => {
  const { closed, answer } = await open();
  await closed;
  expect(statusOf(answer())).toBe(408);
});

it('a body that drips in is ended, of a callback and of an order', async () => {
  const channel = await world.channel();
  for (const path of [`/callbacks/${channel.name}`, '/admin/merchants']) {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${OPERATOR_TOKEN}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n`;
    expect(statusOf(await drip(head, ' '))).toBe(408);
  }
  await isFine();
});

it('a chunked body without an end is refused where it passes the limit, cut off when it goes on, and nothing of it is kept', async () => {
  const channel = await world.channel();
  const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
  for (const path of [`/callbacks/${channel.name}`, '/admin/merchants']) {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${OPERATOR_TOKEN}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const before = process.memoryUsage().arrayBuffers;
    const answer = await drip(head + chunk.repeat(9), chunk);
    expect([statusOf(answer), answer.match(/HTTP\/1\.1/g)]).toEqual([413, ['HTTP/1.1']]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  }
  await isFine();
});

it('headers that are too large, and an address that is, are refused', async () => {
  expect(statusOf(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`))).toBe(431);
  expect(statusOf(await raw(`GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`))).toBe(431);
  expect(statusOf(await raw(`GET /${'a'.repeat(8_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`))).toBe(404);
});

it('of too many headers the first hundred count', async () => {
  const many = Array.from({ length: 900 }, (_, number) => `X${number}: 1`).join('\r\n');
  const late = await raw(
    `GET /admin/merchants HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${many}\r\nAuthorization: Bearer ${OPERATOR_TOKEN}\r\n\r\n`,
  );
  expect(statusOf(late)).toBe(401);
});

it('a compressed body is refused and never unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 32));
  const channel = await world.channel();
  for (const [path, status] of [
    ['/admin/merchants', 415],
    [`/callbacks/${channel.name}`, 415],
  ] as const) {
    const answer = await fetch(`${listener.url}${path}`, {
      method: 'POST',
      headers: {
        'content-encoding': 'gzip',
        'content-type': 'application/json',
        authorization: `Bearer ${OPERATOR_TOKEN}`,
      },
      body: new Uint8Array(bomb),
    });
    expect([path, answer.status]).toEqual([path, status]);
  }
});

it('a flood of pipelined requests is answered one after the other', async () => {
  const requests = 1_000;
  const { socket, answer, closed } = await open();
  const one = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  socket.write(one.repeat(requests - 1) + one.replace('Host', 'Connection: close\r\nHost'));
  await closed;
  expect([...answer().matchAll(/HTTP\/1\.1 200 /g)].length).toBe(requests);
});

it('connections beyond the limit are closed at once, and there is room again when others have gone', async () => {
  const flood = await Promise.all(Array.from({ length: 60 }, () => open('GET /healthz HTTP/1.1\r\nHost: x\r\n')));
  await Promise.all(flood.map((one) => one.closed));
  const answered = flood.filter((one) => statusOf(one.answer()) === 408);
  expect(answered.length).toBeGreaterThan(0);
  expect(answered.length).toBeLessThanOrEqual(40);
  await isFine();
});

describe('headers of answers', () => {
  it('keep browsers and caches away from every answer of the API', async () => {
    const paths = ['/healthz', '/admin/merchants', '/v1/orders', '/callbacks/none', '/nothing'];
    for (const path of paths) {
      const { headers } = await world.http.get(path);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
    }
  });

  it('do not tell what the service is made of', async () => {
    const { headers } = await world.http.get('/healthz');
    for (const name of ['x-powered-by', 'server', 'via', 'etag']) expect(headers[name]).toBeUndefined();
  });

  it('let no page of another site in', async () => {
    for (const method of ['get', 'options'] as const) {
      const { headers } = await world.http[method]('/v1/orders')
        .set('Origin', 'https://elsewhere.example')
        .set('Access-Control-Request-Method', 'POST');
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it('ask for TLS for ever only where there is TLS, as a trusted proxy says', async () => {
    const plain = await world.http.get('/healthz').set('X-Forwarded-Proto', 'https');
    expect(plain.headers['strict-transport-security']).toBeUndefined();
    const behind = await startWorld({ working: false, operations: { trustProxy: ['loopback'] } });
    const secure = await behind.http.get('/healthz').set('X-Forwarded-Proto', 'https');
    expect(secure.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    await behind.stop();
  });
});
