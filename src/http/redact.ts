import type { Json } from '../core/canonical';
import { clip } from '../core/clip';

/**
 * What may be kept of a request for good. Values are left out by the name of their field, whatever they are, and by their
 * form, wherever they stand: keys of ours, private keys, bearer tokens, passwords in URLs.
 */
const SECRET_NAME =
  /secret|token|passw|passphrase|credential|authorization|private|signature|cookie|(^|[_-])keys?$|key$/i;
const SECRET_FORM =
  /\bqk_[0-9a-z]{8}_[\w-]+|\b(?:whsec|sk|rk|pk)_[\w+/=-]{8,}|-----BEGIN[\s\S]*|\b(?:Bearer|Basic)\s+[\w+/=.-]{16,}|(?<=:\/\/)[^/\s:@]*:[^/\s@]*(?=@)/gi;
const UNSTORABLE = /[\u0000\p{Surrogate}]/gu;

export const REDACTED = '[redacted]';
const LONGEST_TEXT = 500;
const MOST_ITEMS = 100;
const DEEPEST = 12;
const LONGEST = 16 * 1024;

/** A JSON value without secrets, of bounded size. */
export function redact(value: unknown): Json {
  const kept = without(value, 1);
  const { length } = JSON.stringify(kept);
  return length <= LONGEST ? kept : { left_out: `${length} characters` };
}

/** Which fields a value has and of what types, without any of its texts and numbers. */
export function shapeOf(value: unknown, depth = 1): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (depth > DEEPEST) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, 10).map((item) => shapeOf(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_ITEMS)
      .map(([name, field]) => [clip(redactText(name), 64), shapeOf(field, depth + 1)]),
  );
}

/** A text without what has the form of a secret, and not longer than is kept. */
export function redactText(text: string): string {
  const kept = text
    .slice(0, 4 * LONGEST_TEXT)
    .replace(SECRET_FORM, REDACTED)
    .replace(UNSTORABLE, '\uFFFD');
  return kept.length <= LONGEST_TEXT ? kept : `${clip(kept, LONGEST_TEXT)}... (${text.length} characters)`;
}

function without(value: unknown, depth: number): Json {
  if (typeof value === 'string') return redactText(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (depth > DEEPEST) return '[deeper]';
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ITEMS).map((item) => without(item, depth + 1));
    return value.length > MOST_ITEMS ? [...items, `(${value.length - MOST_ITEMS} more)`] : items;
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_ITEMS)
      .map(([name, field]) => [
        redactText(name),
        SECRET_NAME.test(name) ? hidden(field, depth) : without(field, depth + 1),
      ]),
  );
}

/** Below a secret name only objects are looked into: `keys: [{ purpose, secret }]` tells which keys were set. */
function hidden(value: unknown, depth: number): Json {
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => hidden(item, depth + 1));
  return typeof value === 'object' && value !== null ? without(value, depth) : REDACTED;
}
