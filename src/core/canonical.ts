import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * One text for one content: JSON with sorted keys and no white space (RFC 8785 for what we put in: strings, booleans,
 * null, whole numbers, lists and objects). Hashes of idempotent requests, of legs and of vouchers are made over it. Whoever
 * hashes often gives objects whose keys stand in order: those are written by the engine in one go.
 */
export function canonicalJson(value: Json): string {
  return isInOrder(value) ? JSON.stringify(value) : sortedJson(value);
}

/** The SHA-256 of the canonical text, in hex. */
export function contentHash(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function sortedJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** Whether the keys of all objects come in order already. */
function isInOrder(value: Json): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (isList(value)) return value.every(isInOrder);
  let previous = '';
  for (const key of Object.keys(value)) {
    if (key < previous || !isInOrder((value as Readonly<Record<string, Json>>)[key] ?? null)) return false;
    previous = key;
  }
  return true;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
