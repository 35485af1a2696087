import { randomBytes } from 'node:crypto';

/** A source of bytes that nobody can guess, injected so that a test owns it. */
export type RandomBytes = (bytes: number) => Buffer;

export const systemRandom: RandomBytes = (bytes) => randomBytes(bytes);
