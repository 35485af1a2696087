import { type AttackedService, startAttackedService } from '../support/attacked-service';
import { sendAll } from '../support/load';
import { type RawAnswer, type RawConnection, openRaw, sendRaw } from '../support/raw-http';
import { type Payments, mustAddUp, mustBeCreditedOnce, preparePayments } from '../support/service-world';
import { type Merchant, OPERATOR_TOKEN } from '../support/world';

/**
 * What comes over bare sockets to a process of the service: senders that are slow, endless, ambiguous or many. Each is ended,
 * the bank beside them is answered, the process keeps its memory, and nothing happens that nobody has asked for.
 */
const HEADERS_MS = 2_000;
const BODY_MS = 5_000;
/** Much more than all of this needs, and much less than is sent. */
const MAY_GROW_BY_MIB = 160;
const FORGER = '127.0.0.2';
jest.setTimeout(120_000);

let service: AttackedService;
let payments: Payments;
let merchant: Merchant;
let callbackPath: string;
let memoryBefore: number;

beforeAll(async () => {
  service = await startAttackedService({
    HEADERS_TIMEOUT_MS: String(HEADERS_MS),
    BODY_TIMEOUT_MS: String(BODY_MS),
    RATE_LIMIT_API_KEY_PER_SECOND: '2',
    RATE_LIMIT_REFUSED_CALLBACKS_PER_MINUTE: '40',
    RATE_LIMIT_FAILED_AUTHENTICATIONS_PER_MINUTE: '0',
  });
  payments = await preparePayments(service.world, 60);
  [merchant] = payments.merchants as [Merchant];
  callbackPath = `/callbacks/${payments.channel.name}`;
  memoryBefore = service.memory().now;
});
afterAll(() => service.close());
afterEach(() => {
  service.mustBeWell();
  expect(service.memory().most - memoryBefore).toBeLessThan(MAY_GROW_BY_MIB);
});

/** The bank's callbacks from so many on, as many as are asked for; each must be acknowledged. */
async function bankIsServed(from: number, count: number): Promise<void> {
  const callbacks = payments.callbacks.slice(from, from + count);
  await sendAll(callbacks, { callers: 8, url: () => `${service.url}${callbackPath}` }).finished();
}

const raw = (bytes: string, from?: string): Promise<RawAnswer[]> =>
  sendRaw(service.url, bytes, from === undefined ? {} : { from });
const statuses = (answers: readonly RawAnswer[]): number[] => answers.map(({ status }) => status);
const AUTHORIZED = `Host: x\r\nAuthorization: Bearer ${OPERATOR_TOKEN}\r\n`;
const merchants = async (): Promise<number> => {
  const [row] = await service.world.query<{ count: string }>('select count(*) from orders.merchants');
  return Number(row!.count);
};
/** A request that makes a merchant: hidden in another one it must not. */
const hidden = (name: string): string => {
  const body = JSON.stringify({ name });
  return `POST /admin/merchants HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};

function mustBeProblem({ status, headers, body }: RawAnswer): void {
  expect([status, headers['content-type']]).toEqual([status, expect.stringMatching(/^application\/problem\+json/)]);
  expect(body).toMatchObject({ status, code: expect.stringMatching(/^[a-z_]+$/) });
}

describe('senders that never end', () => {
  it('two hundred that drip headers and bodies are all ended, and the bank is served meanwhile', async () => {
    const body = `POST ${callbackPath} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n`;
    const starts = [`POST ${callbackPath} HTTP/1.1\r\nHost: x\r\n`, body, '', 'GET /healthz HTT'];
    const pieces = ['X: 1\r\n', ' ', '', ''];
    const slow = await Promise.all(
      Array.from({ length: 200 }, async (_, nth) => {
        const connection = await openRaw(service.url);
        connection.send(starts[nth % 4]!);
        return connection;
      }),
    );
    const dripping = setInterval(() => {
      for (const [nth, { send }] of slow.entries()) send(pieces[nth % 4]!);
    }, 100);
    await bankIsServed(0, 30);
    const ended = await Promise.all(slow.map((one) => one.answers()));
    clearInterval(dripping);
    // A byte that arrives as its connection is closed has the kernel reset it, and then the answer may be lost on its way.
    const quiet = ended.filter((_, nth) => pieces[nth % 4] === '').flat();
    expect(statuses(quiet)).toEqual(Array<number>(100).fill(408));
    for (const answers of ended) expect([[], [408]]).toContainEqual(statuses(answers));
    ended.flat().forEach(mustBeProblem);
  });

  it('a body without an end is refused where it passes the limit, and its sender is cut off when he goes on', async () => {
    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
    const doors = [`${callbackPath} HTTP/1.1\r\nHost: x`, `/admin/merchants HTTP/1.1\r\n${AUTHORIZED.trim()}`];
    await Promise.all(
      [...doors, ...doors].map(async (door) => {
        const connection = await openRaw(service.url);
        connection.send(`POST ${door}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
        const sending = setInterval(() => {
          if (!connection.socket.writableNeedDrain) connection.send(chunk.repeat(16));
        }, 5);
        const answers = await connection.answers();
        clearInterval(sending);
        expect(statuses(answers)).toEqual([413]);
      }),
    );
  });

  it('who is not let in cannot go on sending either', async () => {
    const head =
      'POST /admin/merchants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n';
    const connection = await openRaw(service.url);
    connection.send(head);
    const dripping = setInterval(() => {
      connection.send(' ');
    }, 50);
    const answers = await connection.answers();
    clearInterval(dripping);
    expect(statuses(answers)).toEqual([401]);
  });

  it('a thousand requests on one connection whose answers nobody reads wait, and are answered in their order', async () => {
    const connection = await openRaw(service.url);
    connection.socket.pause();
    const ids = Array.from({ length: 1_000 }, (_, nth) => `r-${nth}`);
    for (const id of ids) connection.send(`GET /openapi.json HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\n\r\n`);
    await bankIsServed(30, 10);
    // The document has 300 KB: all the answers together are as much as a small machine has.
    expect(service.memory().most - memoryBefore).toBeLessThan(MAY_GROW_BY_MIB);
    connection.socket.resume();
    for (const id of ids.slice(0, 200)) {
      const answer = await connection.answer();
      expect([answer.status, answer.headers['x-request-id']]).toEqual([200, id]);
    }
    connection.socket.destroy();
  });

  it('who has sent everything and ended his side is answered; who ended it in the middle is not', async () => {
    const whole = await openRaw(service.url, { halfOpen: true });
    whole.socket.end(`GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect((await whole.answer()).status).toBe(200);
    whole.socket.destroy();
    const count = await merchants();
    const half = await openRaw(service.url, { halfOpen: true });
    half.socket.end(hidden('Half a merchant').slice(0, -3));
    expect(statuses(await half.answers()).filter((status) => status < 400)).toEqual([]);
    half.socket.destroy();
    expect(await merchants()).toBe(count);
  });

  it('who says nothing that is HTTP and does not hang up is hung up on', async () => {
    const connection = await openRaw(service.url, { halfOpen: true });
    connection.send('GARBAGE\r\n\r\n');
    expect((await connection.answer()).status).toBe(400);
    const going = setInterval(() => {
      connection.send('on and on');
    }, 50);
    await connection.closed;
    clearInterval(going);
  });
});

describe('too much', () => {
  it('of headers is refused by its bytes; of many small ones the first hundred count', async () => {
    const flood = `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`;
    const [refused] = await raw(flood);
    mustBeProblem(refused!);
    expect(refused).toMatchObject({ status: 431, body: { code: 'headers_too_large' } });
    const many = Array.from({ length: 1_500 }, (_, nth) => `X${nth}: 1\r\n`).join('');
    const hiddenToken = `GET /admin/merchants HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${many}${AUTHORIZED}\r\n`;
    expect(statuses(await raw(hiddenToken))).toEqual([401]);
  });

  it('of a body is refused by its declared length: before it comes, and without a look into any database', async () => {
    await service.world.settled();
    const before = await service.state();
    const doors = [
      [callbackPath, '', 413],
      ['/v1/orders', `Authorization: Bearer qk_00000000_${'A'.repeat(43)}\r\n`, 413],
      ['/admin/merchants', 'Authorization: Bearer wrong\r\n', 401],
    ] as const;
    await Promise.all(
      doors.map(async ([target, token, status]) => {
        const connection = await openRaw(service.url);
        connection.send(`POST ${target} HTTP/1.1\r\nHost: x\r\n${token}Content-Length: 9000000000\r\n\r\n`);
        const answer = await connection.answer();
        mustBeProblem(answer);
        expect([target, answer.status]).toEqual([target, status]);
        await connection.closed;
      }),
    );
    expect(await service.state()).toBe(before);
  });

  it('who asks before he sends is told to only where the body would be read', async () => {
    const ask = (target: string, length: number, more = ''): string =>
      `POST ${target} HTTP/1.1\r\nHost: x\r\n${more}Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    const first = async (bytes: string): Promise<number> => {
      const connection = await openRaw(service.url);
      connection.send(bytes);
      const { status } = await connection.answer();
      connection.socket.destroy();
      return status;
    };
    expect(await first(ask(callbackPath, 300_000))).toBe(413);
    expect(await first(ask('/v1/orders', 70_000))).toBe(413);
    expect(await first(ask('/admin/merchants', 10))).toBe(401);
    expect(await first(ask('/admin/merchants', 70_000, AUTHORIZED.slice(9)))).toBe(413);
    expect(await first(ask(callbackPath, 10, 'Content-Encoding: gzip\r\n'))).toBe(415);
    expect(await first(ask('/nowhere', 10))).toBe(404);
    expect(await first(ask(callbackPath, 10).replace('100-continue', 'a-miracle'))).toBe(417);

    const { headers, body } = payments.callbacks[40]!;
    const connection = await openRaw(service.url);
    const signed = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    connection.send(
      `POST ${callbackPath} HTTP/1.1\r\nHost: x\r\n${signed.join('')}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    expect((await connection.answer()).status).toBe(100);
    connection.send(body);
    expect((await connection.answer()).status).toBe(204);
    connection.socket.destroy();
  });
});

/** Each hides a second request, which one reader of HTTP might see where another sees a body. */
const post = (framing: string, content: string): string =>
  `POST /admin/merchants/none/suspend HTTP/1.1\r\n${AUTHORIZED}${framing}\r\n\r\n${content}`;
const AMBIGUOUS: Readonly<Record<string, string>> = {
  'a length and chunks': post('Content-Length: 4\r\nTransfer-Encoding: chunked', `0\r\n\r\n${hidden('CL.TE')}`),
  'chunks and a length': post('Transfer-Encoding: chunked\r\nContent-Length: 4', `0\r\n\r\n${hidden('TE.CL')}`),
  'chunks and something else': post(
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
    `0\r\n\r\n${hidden('TE.TE')}`,
  ),
  'an unknown coding': post('Transfer-Encoding: xchunked', `0\r\n\r\n${hidden('x')}`),
  'a coding before chunks': post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${hidden('gzip')}`),
  'a coding behind chunks': post('Transfer-Encoding: chunked, gzip', `0\r\n\r\n${hidden('gzip')}`),
  'a space before the colon': post('Transfer-Encoding : chunked', `0\r\n\r\n${hidden('space')}`),
  'a folded line': post('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${hidden('fold')}`),
  'a folded length': post('Content-Length: 1\r\n 0', `0\r\n\r\n${hidden('fold')}`),
  'two lengths': post('Content-Length: 0\r\nContent-Length: 5', `12345${hidden('two')}`),
  'one length twice': post('Content-Length: 5\r\nContent-Length: 5', `12345${hidden('twice')}`),
  'a list of lengths': post('Content-Length: 5, 5', `12345${hidden('list')}`),
  'a length with a sign': post('Content-Length: +5', `12345${hidden('sign')}`),
  'a negative length': post('Content-Length: -5', `12345${hidden('negative')}`),
  'a length in hexadecimal': post('Content-Length: 0x5', `12345${hidden('hex')}`),
  'a length beyond all numbers': post('Content-Length: 99999999999999999999', hidden('overflow')),
  'an empty length': post('Content-Length:', hidden('empty')),
  'a chunk of a negative size': post('Transfer-Encoding: chunked', `-1\r\n\r\n0\r\n\r\n${hidden('negative')}`),
  'a chunk of a huge size': post('Transfer-Encoding: chunked', `fffffffffffffffff\r\n${hidden('huge')}`),
  'a size with a prefix': post('Transfer-Encoding: chunked', `0x0\r\n\r\n${hidden('prefix')}`),
  'a size with a space': post('Transfer-Encoding: chunked', `1 \r\na\r\n0\r\n\r\n${hidden('space')}`),
  'a bare LF behind a size': post('Transfer-Encoding: chunked', `1\na\r\n0\r\n\r\n${hidden('LF')}`),
  'a bare LF in an extension': post('Transfer-Encoding: chunked', `1;a\nb\r\na\r\n0\r\n\r\n${hidden('LF')}`),
  'extensions without an end': post('Transfer-Encoding: chunked', `1;${'a'.repeat(40_000)}\r\na\r\n0\r\n\r\n`),
  'a chunk longer than it says': post('Transfer-Encoding: chunked', `1\r\nabc\r\n0\r\n\r\n${hidden('longer')}`),
  'bare LF everywhere': post('Content-Length: 0', '').replaceAll('\r', '') + hidden('LF'),
  'a bare LF after a header': post('X: 1\nContent-Length: 0', hidden('LF')),
  'a bare CR in a header': post('X: 1\rContent-Length: 5', hidden('CR')),
  'a NUL in a header': post('X: a\0b\r\nContent-Length: 0', hidden('NUL')),
  'a header before its line': post('Content-Length: 0', '').replace('\r\nHost', '\r\n Host') + hidden('line'),
  'a header without a name': post(': x\r\nContent-Length: 0', hidden('name')),
  'no host': post('Content-Length: 0', '').replace('Host: x\r\n', '') + hidden('no host'),
  'two hosts': post('Host: y\r\nContent-Length: 0', hidden('two hosts')),
  'a host with a path': post('Content-Length: 0', '').replace('Host: x', 'Host: x/y@z') + hidden('host'),
  'HTTP/2 in words': post('Content-Length: 0', '').replace('HTTP/1.1', 'HTTP/2.0') + hidden('2.0'),
  'HTTP/0.9': `GET /admin/merchants\r\n\r\n${hidden('0.9')}`,
  'chunks in HTTP/1.0': post('Transfer-Encoding: chunked', '0\r\n\r\n').replace('1.1', '1.0') + hidden('1.0'),
};

describe('what one may read as one request and another as two', () => {
  it.each(Object.entries(AMBIGUOUS))('%s is refused, and what is behind it is not done', async (_name, bytes) => {
    const before = await merchants();
    const answers = await raw(bytes);
    expect(answers).toHaveLength(1);
    mustBeProblem(answers[0]!);
    expect([400, 413]).toContain(answers[0]!.status);
    expect(await merchants()).toBe(before);
  });

  it('a request that came whole is answered as itself before what follows it is refused', async () => {
    const answers = await raw(`${hidden('In front of rubbish')}rubbish\r\n\r\n`);
    expect(statuses(answers)).toEqual([201, 400]);
    expect(answers[0]!.body).toMatchObject({ name: 'In front of rubbish' });
  });

  it('a request that was refused before its body broke off has one answer', async () => {
    const connection = await openRaw(service.url);
    connection.send('POST /admin/merchants HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect((await connection.answer()).status).toBe(401);
    connection.send('no size\r\n');
    expect(await connection.answers()).toEqual([]);
  });

  it('what is behind a body that nobody wants is a request of its own', async () => {
    const get = `GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde`;
    const trailers = `POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: y\r\nAuthorization: z\r\n\r\n`;
    const last = `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    expect(statuses(await raw(get + trailers + get + last))).toEqual([200, 405, 200, 200]);
  });
});

describe('other protocols and forms', () => {
  it.each([
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a tunnel', 'CONNECT bank.example:443 HTTP/1.1\r\nHost: bank.example:443\r\n\r\n', 400],
    ['a question about everything', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
    ['an unknown method', 'BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', 400],
    ['SMTP', 'EHLO x\r\n', 400],
    ['PostgreSQL', '\x00\x00\x00\x08\x04\xd2\x16\x2f', 400],
  ])('%s is answered as a problem and ended', async (_name, bytes, status) => {
    const answers = await raw(bytes);
    expect(statuses(answers)).toEqual([status]);
    mustBeProblem(answers[0]!);
  });

  it('a whole address is its path, an upgrade is not made, and whoever has any answer is given the present one', async () => {
    const close = 'Host: x\r\nConnection: close\r\n\r\n';
    expect(statuses(await raw(`GET http://elsewhere.example/healthz HTTP/1.1\r\n${close}`))).toEqual([200]);
    const upgrade = 'Host: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
    expect(statuses(await raw(`GET /healthz HTTP/1.1\r\n${upgrade}`))).toEqual([200]);
    expect(statuses(await raw(`GET /healthz HTTP/1.1\r\nIf-None-Match: *\r\n${close}`))).toEqual([200]);
  });
});

describe('a flood', () => {
  const ask = async (connection: RawConnection, { key }: Merchant): Promise<RawAnswer> => {
    connection.send(`GET /v1/orders?limit=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
    return connection.answer();
  };

  it('of one key is turned away, and the key beside it is heard', async () => {
    const other = payments.merchants[1]!;
    const connection = await openRaw(service.url);
    const answers: RawAnswer[] = [];
    for (let nth = 0; nth < 40; nth += 1) answers.push(await ask(connection, merchant));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(20);
    refused.forEach(mustBeProblem);
    expect((await ask(connection, other)).status).toBe(200);
    connection.socket.destroy();
  });

  it('of forgeries is turned away without being verified, and takes nothing from the bank, wherever it comes from', async () => {
    const { headers, body } = payments.callbacks[0]!;
    const signed = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const forged = Buffer.from(body.toString().replace('"live":true', '"live":true,"a":1'));
    const forgery = `POST ${callbackPath} HTTP/1.1\r\nHost: x\r\n${signed.join('')}Content-Length: ${forged.length}\r\n\r\n${forged.toString()}`;
    const flood = async (from: string | undefined): Promise<number[]> => {
      const connection = await openRaw(service.url, from === undefined ? {} : { from });
      const answers: number[] = [];
      for (let nth = 0; nth < 120; nth += 1) {
        connection.send(forgery);
        answers.push((await connection.answer()).status);
      }
      connection.socket.destroy();
      return answers;
    };
    const [elsewhere, here] = await Promise.all([flood(FORGER), flood(undefined), bankIsServed(41, 9)]);
    expect(elsewhere.filter((status) => status === 401)).toHaveLength(40);
    expect(elsewhere.filter((status) => status === 429)).toHaveLength(80);
    // From where genuine callbacks have come, more is borne.
    expect(here).toEqual(Array<number>(120).fill(401));
    await bankIsServed(50, 10);
  });
});

it('in the end every payment was made once, and everything is in order', async () => {
  await service.world.quiet();
  await mustBeCreditedOnce(service.world, payments, payments.callbacks.keys());
  await mustAddUp(service.world, payments);
  await service.world.mustBeSound();
});
