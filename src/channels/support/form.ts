/**
 * Reads `application/x-www-form-urlencoded` without deciding on a character set: each name and value is URL-decoded once,
 * into bytes held one per character (latin1), which is what a signature over the provider's own bytes needs.
 * @returns undefined where it is not such a form: a bad escape, a raw byte beyond ASCII, a name twice, too many fields
 */
export function parseForm(body: Buffer): ReadonlyMap<string, string> | undefined {
  const text = body.toString('latin1');
  if (text === '' || NOT_A_FORM.test(text)) return undefined;
  const pairs = text.split('&', MOST_FIELDS + 1);
  if (pairs.length > MOST_FIELDS) return undefined;
  const form = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = decodeOnce(equals < 0 ? pair : pair.slice(0, equals));
    if (name === '' || form.has(name)) return undefined;
    form.set(name, equals < 0 ? '' : decodeOnce(pair.slice(equals + 1)));
  }
  return form;
}

const MOST_FIELDS = 200;
const NOT_A_FORM = /[^\x21-\x7e]|%(?![0-9A-Fa-f]{2})/;

const PLUS = 0x2b;
const PERCENT = 0x25;

/** Byte by byte, because replacing piece by piece costs a hundred times as much where a text is nothing but escapes. */
function decodeOnce(text: string): string {
  if (!/[+%]/.test(text)) return text;
  const bytes = Buffer.from(text, 'latin1');
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes.readUInt8(at);
    if (byte === PERCENT) {
      bytes.writeUInt8(Number.parseInt(text.slice(at + 1, at + 3), 16), length);
      at += 2;
    } else bytes.writeUInt8(byte === PLUS ? 0x20 : byte, length);
    length += 1;
  }
  return bytes.toString('latin1', 0, length);
}
