import type { Response } from 'express';

/**
 * An answer that a retry may change is not kept under an idempotency key: what is only true for the moment (an order that
 * is being paid, a participant that is down) would otherwise be repeated for as long as the key lives.
 */
const passing = new WeakSet<Response>();

export function doNotKeepAnswer(res: Response): void {
  passing.add(res);
}

export function mayKeepAnswer(res: Response): boolean {
  return !passing.has(res) && res.statusCode < 500 && res.statusCode !== 401;
}
