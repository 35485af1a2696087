import type { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import { Problem } from '../core/errors';

/** A host, with a port or without: no user, no path, no white space. */
const HOST = /^[\w.~!$&'()*+,;=:[\]%-]*$/;

/**
 * Refuses what two readers of HTTP may understand as different requests and Node lets pass: another version, no or several
 * hosts (RFC 9112, section 3.2), and a transfer coding that nobody here undoes (section 6.1), so that what a proxy in front
 * of us has let through is what we do. The connection ends, and what Node has read behind such a request already, which may
 * be the body that another reader saw, is neither done nor answered.
 * @throws Problem `invalid_request`, `expectation_failed`
 */
export function mustBeUnambiguous(): RequestHandler {
  const ended = new WeakSet<Socket>();
  return (req, res, next) => {
    if (ended.has(req.socket)) return;
    const problem = whatIsWrong(req.httpVersion, req.rawHeaders, req.headers);
    if (problem !== undefined) {
      ended.add(req.socket);
      res.setHeader('Connection', 'close');
    }
    next(problem);
  };
}

function whatIsWrong(
  version: string,
  rawHeaders: readonly string[],
  { host = '', expect, 'transfer-encoding': coding }: Record<string, string | string[] | undefined>,
): Problem | undefined {
  if (version !== '1.1' && version !== '1.0') return new Problem('invalid_request', 'this is not HTTP/1.1 or HTTP/1.0');
  const hosts = countHosts(rawHeaders);
  if (hosts > 1 || (hosts === 0 && version === '1.1') || !HOST.test(String(host))) {
    return new Problem('invalid_request', 'a request has exactly one Host');
  }
  if (coding !== undefined && (version === '1.0' || !/^chunked$/i.test(String(coding)))) {
    return new Problem('invalid_request', 'the only transfer coding is chunked, and only in HTTP/1.1');
  }
  if (expect !== undefined && !/^100-continue$/i.test(String(expect))) {
    return new Problem('expectation_failed', 'the only expectation that can be met is 100-continue');
  }
  return undefined;
}

/** Names stand at even places. Of several hosts Node shows the first alone. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === 'host') count += 1;
  return count;
}
