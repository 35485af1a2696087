import type { Request, Response } from 'express';
import { Problem } from '../core/errors';
import { clientAddress } from '../http/limits/client-address';
import type { Acknowledgement, RawCallback } from '../channels/channel';
import { type Routes, createRoutes } from '../http/operation';
import { rawBody } from '../http/raw-body';
import { requestIdOf } from '../http/request-id';
import { spanOf } from '../http/request-trace';
import { receiveCallback } from './callback-operations';
import type { ReceiveCallback } from './receive-callback';

/** What a callback may weigh: 256 KiB. Adyen's largest batches are a tenth of it. */
export const CALLBACK_LIMIT_BYTES = 256 * 1024;

/** `POST /callbacks/:channel`: the raw body is kept byte for byte, because the signature is over exactly those bytes. */
export function createCallbackRoutes(receive: ReceiveCallback): Routes {
  const routes = createRoutes('Callbacks');
  // A bank that has gone before its body was read must not count as one whose signature is missing.
  routes.router.post('/:channel', rawBody(CALLBACK_LIMIT_BYTES));
  routes.serveRaw(receiveCallback, async ({ params: { channel }, req, res }) => {
    const request = { requestId: requestIdOf(req), span: spanOf(req), from: clientAddress(req) };
    const received = await receive(channel, rawCallback(req), request);
    switch (received.kind) {
      case 'no_such_channel':
        throw new Problem('not_found', 'there is no such channel');
      case 'limited':
        throw new Problem('rate_limited', 'too many callbacks from this address could not be verified', {
          retryAfter: received.retryAfterSeconds,
        });
      case 'try_again':
        res.setHeader('Retry-After', String(received.retryAfterSeconds));
        answer(res, received.answer);
        break;
      case 'refused':
      case 'success':
        answer(res, received.answer);
        break;
    }
  });
  return routes;
}

function rawCallback(request: Request): RawCallback {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = Array.isArray(value) ? value[0] : value;
  const body: unknown = request.body;
  return { headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
}

function answer(response: Response, { status, contentType, body }: Acknowledgement): void {
  response.status(status);
  if (contentType === undefined) response.end();
  else response.type(contentType).send(body);
}
