import type { RandomBytes } from '../core/random';

/** Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes. */
const PREFIX = 'whsec_';
const GENERATED_BYTES = 32;

export function generateSecret(random: RandomBytes): string {
  return PREFIX + random(GENERATED_BYTES).toString('base64');
}

export function isSecret(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  const base64 = text.slice(PREFIX.length);
  const bytes = Buffer.from(base64, 'base64');
  // Node ignores what is not base64; only a text that comes back as it was is one.
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === base64;
}
