const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Callbacks are at most this long where they come in; the text inside an encrypted one is shorter still. */
const LONGEST = 256 * 1024;
/** Providers' events nest about ten levels. */
const DEEPEST = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON object strictly: whole UTF-8 without replacement characters, bounded in length and depth before it is parsed.
 * Duplicate keys collapse to the last, as everywhere in JavaScript; `__proto__` becomes an ordinary key of the object.
 * @returns undefined where it is anything else than a JSON object
 */
export function parseJsonObject(body: Buffer): JsonObject | undefined {
  if (body.length > LONGEST) return undefined;
  try {
    const text = UTF8.decode(body);
    if (isTooDeep(text)) return undefined;
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of own keys; undefined where the path leads nowhere, and never something inherited. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), value);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === BACKSLASH) at += 1;
      else if (unit === QUOTE) inString = false;
    } else if (unit === QUOTE) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      depth += 1;
      if (depth > DEEPEST) return true;
    } else if (unit === 0x7d || unit === 0x5d) depth -= 1;
  }
  return false;
}
