import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * One text for one content: JSON with sorted keys and no white space (RFC 8785 for what we put in: strings, booleans,
 * null, whole numbers, lists and objects). Hashes of idempotent requests, of legs and of vouchers are made over it.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** The SHA-256 of the canonical text, in hex. */
export function contentHash(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
