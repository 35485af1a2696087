import { IncomingMessage, type RequestListener, ServerResponse, type ServerOptions } from 'node:http';
import type { Express } from 'express';

/**
 * The classes of which a server makes its requests and answers for an application of express: they have express's prototypes
 * from birth.
 *
 * Express gives each request and answer another prototype when it comes (`Object.setPrototypeOf`). In Node 20 and 22 every
 * property that is added to an object after that gives it a hidden class of its own, so that none of the code which touches a
 * request ever meets the same one twice, and each of these classes is left for the garbage collector. Where the prototype is the
 * right one already, nothing happens.
 */
export function messageClasses(
  app: RequestListener | Express,
): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  if (!isExpress(app)) return {};
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse<Req extends IncomingMessage = IncomingMessage> extends ServerResponse<Req> {}
  Object.setPrototypeOf(ExpressRequest.prototype, app.request);
  Object.setPrototypeOf(ExpressResponse.prototype, app.response);
  app.request = ExpressRequest.prototype as Express['request'];
  app.response = ExpressResponse.prototype as unknown as Express['response'];
  return { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
}

function isExpress(app: RequestListener | Express): app is Express {
  return 'request' in app && 'response' in app;
}
