import { createDecipheriv } from 'node:crypto';
import { decodeBase64 } from './signatures';

const TAG_BYTES = 16;

export interface Encrypted {
  /** Base64 of the ciphertext with its tag behind it. */
  readonly ciphertext: string;
  readonly nonce: string;
  readonly associatedData: string;
}

/**
 * Opens AES-256-GCM whose last 16 bytes are the tag, and checks that tag: without `final()` a changed text would be given out
 * as genuine.
 * @param key 32 bytes as text
 * @returns undefined where the key is another, or anything was changed
 */
export function decryptAes256Gcm(key: string, { ciphertext, nonce, associatedData }: Encrypted): Buffer | undefined {
  const bytes = decodeBase64(ciphertext);
  const keyBytes = Buffer.from(key);
  if (bytes === undefined || bytes.length < TAG_BYTES || keyBytes.length !== 32 || nonce === '') return undefined;
  const end = bytes.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyBytes, Buffer.from(nonce), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(associatedData))
      .setAuthTag(bytes.subarray(end));
    return Buffer.concat([decipher.update(bytes.subarray(0, end)), decipher.final()]);
  } catch {
    return undefined;
  }
}
