import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Where people look with a browser; everything else is for programs. */
const PAGES = /^\/docs(\/|$)/;
const YEAR_SECONDS = 31_536_000;

/** Of its answers to programs nothing may be run, framed or kept, whatever a browser takes them for. */
const forPrograms = headersOf(
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: false,
  }),
);
/** Pages take scripts and styles from this service and from nowhere else. */
const forPages = helmet({ strictTransportSecurity: false });

/**
 * The headers that tell browsers and caches to keep their hands off. `Strict-Transport-Security` is sent only where the
 * request came over TLS (as a trusted proxy says), because over plain HTTP it must not be sent (RFC 6797, section 7.2).
 * There is no CORS header: no page of another site has any business here.
 */
export function securityHeaders(): RequestHandler {
  return (req, res, next) => {
    if (req.secure) res.setHeader('Strict-Transport-Security', `max-age=${YEAR_SECONDS}; includeSubDomains`);
    if (PAGES.test(req.path)) {
      forPages(req, res, next);
      return;
    }
    res.setHeader('Cache-Control', 'no-store');
    for (const [name, value] of forPrograms) res.setHeader(name, value);
    next();
  };
}

/** What a middleware whose headers are the same for every request would set, asked once instead of each time. */
function headersOf(middleware: ReturnType<typeof helmet>): readonly (readonly [string, string])[] {
  const headers: [string, string][] = [];
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  middleware(request, response, () => {
    for (const [name, value] of Object.entries(response.getHeaders())) headers.push([name, String(value)]);
  });
  return headers;
}
