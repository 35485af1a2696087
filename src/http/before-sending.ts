import type { Response } from 'express';
import type { KeptAnswer } from './idempotency-keys';

/**
 * Does something with the answer while it is complete and not yet sent. Every answer ends in `res.end`, whichever way a
 * route or the error handler makes it, so that is where it is held.
 */
export function beforeSending(res: Response, keep: (answer: KeptAnswer) => Promise<void>): void {
  const end = res.end.bind(res) as (chunk?: unknown, encoding?: unknown) => Response;
  const heldEnd = (chunk?: unknown, encoding?: unknown): Response => {
    const body = typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString() : '';
    void keep({ status: res.statusCode, body }).then(() => end(chunk, encoding));
    return res;
  };
  res.end = heldEnd as typeof res.end;
}
