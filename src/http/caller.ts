import type { Request } from 'express';
import type { MerchantId } from '../core/ids';
import { Problem } from '../core/errors';

/** Who makes a request, once it is authenticated. */
export type Caller = { readonly kind: 'operator' } | { readonly kind: 'merchant'; readonly merchantId: MerchantId };

const callers = new WeakMap<Request, Caller>();

export function setCaller(req: Request, caller: Caller): void {
  callers.set(req, caller);
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
