import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { type Listener, listen } from '../../src/listener';
import { measureOwnTime } from '../support/own-time';

/** What never becomes a request is answered as a problem too, and closes its connection. */
let listener: Listener;
beforeAll(async () => {
  listener = await listen((_req, res) => res.end('fine'), { host: '127.0.0.1', port: 0 });
});
afterAll(() => listener.close());

function raw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(listener.url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    // Whoever has not read all that was sent may reset the connection behind his answer.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(answer);
    });
  });
}

it.each([
  ['not HTTP at all', 'GARBAGE\r\n\r\n', 400, 'invalid_request'],
  ['a header name with a space', 'GET / HTTP/1.1\r\nHo st: x\r\n\r\n', 400, 'invalid_request'],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    'invalid_request',
  ],
  ['headers of 20 KiB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
])('answers %s', async (_, bytes, status, code) => {
  const answer = await raw(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status, code });
});

describe('closing the listener', () => {
  it('answers what has begun, and does not wait for the next request of a connection that is kept alive', async () => {
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const listener = await listen(
      (_request, response) => {
        begin();
        setTimeout(() => response.end('done'), 200);
      },
      { host: '127.0.0.1', port: 0 },
    );
    const agent = new Agent({ keepAlive: true });
    const answered = new Promise<string>((resolve, reject) => {
      get(listener.url, { agent }, (response) => {
        response.setEncoding('utf8').once('data', resolve);
      }).on('error', reject);
    });
    await begun;
    const ownTime = measureOwnTime();
    await listener.close();
    expect(await answered).toBe('done');
    // A connection may be idle for 65 seconds.
    expect(ownTime()).toBeLessThan(2_000);
    agent.destroy();
  });
});
