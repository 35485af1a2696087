/**
 * jest runs each test file in a realm of its own, where errors that come from Node's own modules (ECONNREFUSED, ENOENT)
 * are not instances of `Error`. A real process has one realm; this makes the tests see what it would see.
 */
import { types } from 'node:util';

const ordinary = Function.prototype[Symbol.hasInstance];

Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, thing: unknown): boolean {
    return (this === Error && types.isNativeError(thing)) || ordinary.call(this as typeof Error, thing);
  },
});

Object.defineProperty(AggregateError, Symbol.hasInstance, {
  value(this: unknown, thing: unknown): boolean {
    if (ordinary.call(this as typeof AggregateError, thing)) return true;
    return (
      this === AggregateError && types.isNativeError(thing) && thing.name === 'AggregateError' && 'errors' in thing
    );
  },
});
