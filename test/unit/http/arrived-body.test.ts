import { once } from 'node:events';
import { type Server, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { Problem } from '../../../src/core/errors';
import { jsonBody } from '../../../src/http/json-body';

/** A caller who goes while the service finds out who it is: the body has arrived and nobody has read it yet. */
let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends a request, leaves while it is held up before its body is read, and gives what the application made of it. */
async function leaveEarly(headers: Readonly<Record<string, string>>, body: string): Promise<unknown> {
  const outcome = new Promise((resolve) => {
    const app = express();
    app.use((req, _res, next) => {
      req.socket.once('close', () => {
        next();
      });
      outgoing.destroy();
    });
    app.use(...jsonBody(), (req) => {
      resolve({ body: req.body as unknown });
    });
    app.use(((error, _req, _res, next) => {
      resolve(error);
      next();
    }) satisfies ErrorRequestHandler);
    server = app.listen(0, '127.0.0.1');
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ port, host: '127.0.0.1', method: 'POST', headers });
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  return outcome;
}

it.each([
  ['a length', { 'content-type': 'application/json', 'content-length': '13' }],
  ['chunks', { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }],
])('a body with %s that nobody has read is no empty body', async (_, headers) => {
  const error = await leaveEarly(headers, '{"amount":"1"}'.slice(0, 13));
  expect(error).toBeInstanceOf(Problem);
  expect(error).toMatchObject({ code: 'request_timeout', retryable: true });
});

it('a request without a body goes on without one', async () => {
  expect(await leaveEarly({ 'content-length': '0' }, '')).toEqual({ body: undefined });
});
