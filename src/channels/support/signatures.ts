import { createHmac, createPublicKey, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import type { ChannelAccount, ChannelKey } from '../channel';

/** The channel's active keys of one purpose: several while a key is being rotated. */
export function keysFor(channel: ChannelAccount, purpose: string): readonly ChannelKey[] {
  return channel.keys.filter((key) => key.purpose === purpose);
}

/** Compares two texts in a time that depends on their lengths only. */
export function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** HMAC-SHA256 over the parts, one after the other. */
export function hmacSha256(
  secret: string | Buffer,
  parts: readonly (string | Buffer)[],
  encoding: 'hex' | 'base64',
): string {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

/** Checks SHA256withRSA (PKCS #1 v1.5) with an RSA key, or Ed25519 with such a key. A signature of a wrong shape is a wrong one. */
export function isSignedBy(key: KeyObject, signed: Buffer, signature: Buffer): boolean {
  try {
    return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', signed, key, signature);
  } catch {
    return false;
  }
}

/** Base64 in its one canonical form, so that a signature has one spelling only; undefined where it is not. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text === '') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

const parsedKeys = new WeakMap<ChannelKey, KeyObject>();

/**
 * The RSA public key in a channel key's text, parsed once for as long as the channel stays in memory.
 * @returns undefined where the text is no RSA public key
 */
export function rsaKeyOf(key: ChannelKey): KeyObject | undefined {
  const known = parsedKeys.get(key);
  if (known !== undefined) return known;
  const parsed = readRsaPublicKey(key.secret);
  if (parsed !== undefined) parsedKeys.set(key, parsed);
  return parsed;
}

/** Reads a PEM public key, a PEM certificate (its public key), or bare base64 of a SubjectPublicKeyInfo. */
export function readRsaPublicKey(text: string): KeyObject | undefined {
  const pem = text.trim();
  if (/PRIVATE KEY-----/.test(pem)) return undefined;
  try {
    const key = pem.startsWith('-----BEGIN ')
      ? createPublicKey(pem)
      : createPublicKey({ key: Buffer.from(pem.replace(/\s+/g, ''), 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** A sentence on what is wrong with the text of an RSA public key. RSA keys shorter than 2048 bits are not safe any more. */
export function rsaKeyProblem(text: string): string | undefined {
  const key = readRsaPublicKey(text);
  if (key === undefined) return 'is neither a PEM public key or certificate nor the base64 of an RSA public key';
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return bits < 2048 ? `is an RSA key of ${bits} bits; 2048 is the least` : undefined;
}
