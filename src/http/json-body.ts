import type { RequestHandler } from 'express';
import { Problem } from '../core/errors';
import { rawBody } from './raw-body';

/** Larger bodies than this have no business on the JSON API; callbacks have a limit of their own. */
export const JSON_LIMIT_BYTES = 64 * 1024;
/** Nobody means a body that nests deeper, and code that walks it recursively must not run out of stack. */
const DEEPEST = 32;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;
const UNSTORABLE = /[\u0000\p{Surrogate}]/u;

/**
 * Reads JSON bodies. Bytes are decoded strictly, because a replaced character would be a content that the caller did not
 * send; compression is refused, because 64 KiB can unpack to anything. An empty body is `undefined`.
 * @throws Problem `body_too_large`, `unsupported_encoding`, `unsupported_media_type`, `invalid_json`, `invalid_request`,
 * `request_timeout`
 */
export function jsonBody(): readonly RequestHandler[] {
  return [rawBody(JSON_LIMIT_BYTES), readJson];
}

const readJson: RequestHandler = (req, _res, next) => {
  const bytes: unknown = req.body;
  req.body = Buffer.isBuffer(bytes) && bytes.length > 0 ? readBody(bytes, req.headers['content-type']) : undefined;
  next();
};

function readBody(bytes: Buffer, contentType: string | undefined): unknown {
  if (contentType === undefined || !JSON_TYPE.test(contentType)) {
    throw new Problem('unsupported_media_type', 'send application/json in UTF-8');
  }
  const value = parseJson(bytes);
  const wrong = whatIsWrong(value, 1);
  if (wrong !== undefined) throw new Problem('invalid_request', wrong);
  return value;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Problem('invalid_json', 'the body is not JSON in UTF-8');
  }
}

/** What no route may meet, whatever its schema: too deep, NUL and halves of surrogate pairs, a key that is a prototype. */
function whatIsWrong(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string')
    return UNSTORABLE.test(value) ? 'a text holds a character that cannot be stored' : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEEPEST) return `the body nests deeper than ${DEEPEST} levels`;
  for (const [key, field] of Object.entries(value)) {
    if (key === '__proto__' || UNSTORABLE.test(key)) return 'a key of the body is not allowed';
    const wrong = whatIsWrong(field, depth + 1);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
