import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Where people look with a browser; everything else is for programs. */
const PAGES = /^\/docs(\/|$)/;
const YEAR_SECONDS = 31_536_000;

/** Of its answers to programs nothing may be run, framed or kept, whatever a browser takes them for. */
const forPrograms = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  xFrameOptions: { action: 'deny' },
  strictTransportSecurity: false,
});
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
    forPrograms(req, res, next);
  };
}
