import type { z } from 'zod';
import { clip } from '../core/clip';
import { type InvalidField, Problem } from '../core/errors';

/** So many invalid fields are named in one answer; a body made of rubbish has thousands. */
const MOST_FIELDS = 20;

/**
 * Reads a value from outside by its schema.
 * @param what what the value is, for the caller: "body", "query"
 * @throws Problem `invalid_request` that names the fields and says what is expected of each
 */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what = 'request'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.slice(0, MOST_FIELDS).map(invalidField);
  const [first] = fields;
  const where = first === undefined || first.path === '' ? what : `"${first.path}"`;
  throw new Problem('invalid_request', `${where} is not valid: ${first?.message ?? 'unknown reason'}`, { fields });
}

function invalidField(issue: z.core.$ZodIssue): InvalidField {
  return { path: showPath(issue.path), message: clip(issue.message, 200) };
}

/** `splits[0].amount` */
function showPath(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>((shown, part) => {
    if (typeof part === 'number') return `${shown}[${part}]`;
    return shown === '' ? String(part) : `${shown}.${String(part)}`;
  }, '');
  return clip(text, 200);
}
