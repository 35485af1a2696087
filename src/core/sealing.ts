import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/**
 * Secrets of channels and endpoints at rest: AES-256-GCM (NIST SP 800-38D) under a key derived from a master key.
 * A sealed text is `v1.<key id>.<nonce>.<tag>.<ciphertext>` in base64url; the context (which row it belongs to) is
 * authenticated, so that a sealed secret moved to another row does not open there.
 */
export interface Sealer {
  seal(plain: string, context: string): string;
  /** @throws Error naming the key id where no such master key is configured, or where the text was tampered with */
  open(sealed: string, context: string): string;
  /** An HMAC-SHA256 in hex under a key of its own, for signing the head of the books' chain. */
  sign(text: string): { keyId: string; signature: string };
  verify(text: string, keyId: string, signature: string): boolean;
  /** True where the text is sealed under another key than the present first one, and should be sealed again. */
  isStale(sealed: string): boolean;
}

interface MasterKey {
  readonly id: string;
  readonly sealing: Buffer;
  readonly signing: Buffer;
}

/** @param masterKeys 32 bytes each, the present one first; further ones still open what they sealed */
export function createSealer(masterKeys: readonly Buffer[]): Sealer {
  const keys = masterKeys.map(derive);
  const [present] = keys;
  if (present === undefined) throw new Error('a sealer needs a master key');
  const byId = (id: string): MasterKey => {
    const key = keys.find((one) => one.id === id);
    if (key === undefined) throw new Error(`the secret was sealed with master key ${id}, which is not configured`);
    return key;
  };
  const hmac = (key: MasterKey, text: string): string => createHmac('sha256', key.signing).update(text).digest('hex');
  return {
    seal: (plain, context) => seal(present, plain, context),
    open: (sealed, context) => open(byId(sealed.split('.')[1] ?? ''), sealed, context),
    sign: (text) => ({ keyId: present.id, signature: hmac(present, text) }),
    verify: (text, keyId, signature) => keys.some((key) => key.id === keyId && isEqual(hmac(key, text), signature)),
    isStale: (sealed) => sealed.split('.')[1] !== present.id,
  };
}

function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function derive(masterKey: Buffer): MasterKey {
  if (masterKey.length !== 32) throw new Error('a master key has 32 bytes');
  return {
    id: createHash('sha256').update('quittance key id').update(masterKey).digest('hex').slice(0, 12),
    sealing: Buffer.from(hkdfSync('sha256', masterKey, '', 'quittance/sealing', 32)),
    signing: Buffer.from(hkdfSync('sha256', masterKey, '', 'quittance/signing', 32)),
  };
}

function seal(key: MasterKey, plain: string, context: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key.sealing, nonce).setAAD(Buffer.from(context));
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return ['v1', key.id, ...[nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.');
}

function open(key: MasterKey, sealed: string, context: string): string {
  const [version, , nonce, tag, text] = sealed.split('.');
  if (version !== 'v1' || nonce === undefined || tag === undefined || text === undefined) {
    throw new Error('the sealed secret is malformed');
  }
  const decipher = createDecipheriv('aes-256-gcm', key.sealing, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
    .setAAD(Buffer.from(context))
    .setAuthTag(Buffer.from(tag, 'base64url'));
  return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
}
