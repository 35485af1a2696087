import type { Router } from 'express';
import type { Operation, Routes } from './operation';

interface Place {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: Operation;
}

export type FindOperation = (method: string, path: string) => Operation | undefined;

/**
 * Finds the operation that a request means before it is routed, by the method and the path below which the mounts stand.
 * Undefined where no operation is described, which says nothing of whether a route is there.
 */
export function findOperation(
  mounts: readonly { readonly path: string; readonly routes: Router | Routes }[],
): FindOperation {
  const places = mounts.flatMap(({ path, routes }): readonly Place[] =>
    'operations' in routes
      ? routes.operations.map((operation) => ({
          method: operation.method.toUpperCase(),
          path: pattern(`${path}/${operation.path}`),
          operation,
        }))
      : [],
  );
  return (method, path) => places.find((place) => place.method === method && place.path.test(path))?.operation;
}

/** As express matches by default: a parameter is one segment, case does not matter, nor does a slash at the end. */
function pattern(path: string): RegExp {
  const segments = path.split('/').filter((segment) => segment !== '');
  const texts = segments.map((segment) =>
    segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  );
  return new RegExp(`^/${texts.join('/')}/?$`, 'i');
}
