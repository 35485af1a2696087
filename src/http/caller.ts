import type { Request } from 'express';
import type { MerchantId } from '../core/ids';
import { Problem } from '../core/errors';

/** Who makes a request, once it is authenticated. An operator's name is that of the token. */
export type Caller =
  { readonly kind: 'operator'; readonly name: string } | { readonly kind: 'merchant'; readonly merchantId: MerchantId };

const callers = new WeakMap<Request, Caller>();

export function setCaller(req: Request, caller: Caller): void {
  callers.set(req, caller);
}

export function isAuthenticated(req: Request): boolean {
  return callers.has(req);
}

/** @throws Problem `unauthenticated` where no authentication came before: a route that was mounted in the wrong place */
export function callerOf(req: Request): Caller {
  const caller = callers.get(req);
  if (caller === undefined) throw new Problem('unauthenticated', 'the request is not authenticated');
  return caller;
}

/**
 * The merchant whose key the request carries: a merchant's route reads it from here, never from what the caller wrote.
 * @throws Problem `forbidden` for the operator, `unauthenticated` for nobody
 */
export function merchantOf(req: Request): MerchantId {
  const caller = callerOf(req);
  if (caller.kind !== 'merchant') throw new Problem('forbidden', 'this is for merchants');
  return caller.merchantId;
}

/**
 * The name of the operator whose token the request carries.
 * @throws Problem `forbidden` for a merchant, `unauthenticated` for nobody
 */
export function operatorOf(req: Request): string {
  const caller = callerOf(req);
  if (caller.kind !== 'operator') throw new Problem('forbidden', 'this is for operators');
  return caller.name;
}

/** A text that is one caller's and no other's: idempotency keys are kept apart by it. */
export function callerKey(caller: Caller): string {
  if (caller.kind === 'merchant') return caller.merchantId;
  return caller.name === 'operator' ? caller.name : `operator/${caller.name}`;
}
