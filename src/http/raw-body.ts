import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { PROBLEMS, Problem } from '../core/errors';

/**
 * Reads a body as bytes, at most `limit` of them. What would be refused is refused before it is read, and before its sender
 * is invited to send it (`Expect: 100-continue`); a body whose length nobody declares is given up where it passes the limit.
 * What still comes of it is for `bodyDeadline` to end. Bodies are never unpacked, because a few bytes can unpack to anything.
 *
 * Where the caller has gone before all of the body was read, because who it is took long to find out, nothing may be done for
 * the request: it would be what nobody has asked for, and its idempotency key would be taken by an empty content.
 * @param limit in bytes
 * @returns puts a Buffer into `req.body`, undefined where the request has none
 * @throws Problem `body_too_large`, `unsupported_encoding`, `request_timeout`
 */
export function rawBody(limit: number): RequestHandler {
  return (req, res, next) => {
    if (!hasBody(req)) {
      next();
      return;
    }
    mustNotBeLonger(req, limit);
    const encoding = req.headers['content-encoding']?.toLowerCase() ?? 'identity';
    if (encoding !== 'identity' && encoding !== '') {
      throw new Problem('unsupported_encoding', PROBLEMS.unsupported_encoding.title);
    }
    inviteBody(req, res);
    void readBody(req, limit, next);
  };
}

async function readBody(req: Request, limit: number, next: NextFunction): Promise<void> {
  try {
    req.body = await collect(req, limit);
  } catch (error) {
    next(error);
    return;
  }
  next();
}

/** Refuses by its declared length, for what stands before the reading and is not free: the question who the caller is. */
export function refuseLongerThan(limit: number): RequestHandler {
  return (req, _res, next) => {
    mustNotBeLonger(req, limit);
    next();
  };
}

/**
 * Tells a caller who waits for it (RFC 9110, section 10.1.1) to send the body: whoever is about to read one says so first.
 */
export function inviteBody(req: Request, res: Response): void {
  if (req.headers.expect !== undefined && !res.headersSent) res.writeContinue();
}

/** RFC 9112, section 6.3: without either header a request has no body. */
export function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** @throws Problem `body_too_large` where more than `limit` bytes are declared */
export function mustNotBeLonger(req: Request, limit: number): void {
  if (Number(req.headers['content-length'] ?? 0) > limit) throw tooLarge();
}

function tooLarge(): Problem {
  return new Problem('body_too_large', PROBLEMS.body_too_large.title);
}

function collect(req: Request, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    new Collecting(req, limit, resolve, reject).begin();
  });
}

/** A body on its way in. A class, because methods live as long as the module and closures would be made for every request. */
class Collecting {
  private readonly chunks: Buffer[] = [];
  private length = 0;
  private readonly onData = this.take.bind(this);
  private readonly onEnd = this.finish.bind(this);
  private readonly onGone = this.giveUp.bind(this);

  constructor(
    private readonly req: Request,
    private readonly limit: number,
    private readonly resolve: (body: Buffer) => void,
    private readonly reject: (problem: Problem) => void,
  ) {}

  begin(): void {
    const { req, onGone } = this;
    if (req.destroyed) this.giveUp();
    else req.on('data', this.onData).once('end', this.onEnd).once('error', onGone).once('close', onGone);
  }

  private take(chunk: Buffer): void {
    this.length += chunk.length;
    if (this.length <= this.limit) {
      this.chunks.push(chunk);
      return;
    }
    this.stop();
    this.reject(tooLarge());
  }

  private finish(): void {
    this.stop();
    this.resolve(Buffer.concat(this.chunks, this.length));
  }

  private giveUp(): void {
    this.stop();
    this.reject(new Problem('request_timeout', 'the caller has gone before the body was read'));
  }

  private stop(): void {
    const { req, onGone } = this;
    req.off('data', this.onData).off('end', this.onEnd).off('error', onGone).off('close', onGone);
  }
}
