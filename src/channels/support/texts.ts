import { createHash } from 'node:crypto';
import { clip } from '../../core/clip';

/** No control characters (PostgreSQL cannot keep NUL) and no halves of surrogate pairs (they are not UTF-8). */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** The value if it is a text of 1 to `longest` characters that the database keeps as it is. */
export function printable(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > longest) return undefined;
  return UNPRINTABLE.test(value) ? undefined : value;
}

/** The provider's own reference of a payment: part of the receipt's identity, so it is taken whole or not at all. */
export function providerReferenceOf(value: unknown): string | undefined {
  return printable(value, 128);
}

/**
 * Our payment reference, undefined where the event carries none that we could have made: such a payment is money all the
 * same, only of an order that is not known.
 */
export function paymentReferenceOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[0-9A-Za-z]{1,32}$/.test(value) ? value : undefined;
}

/** The provider's name of an event, for people. */
export function typeOf(value: unknown): string {
  return printable(value, 100) ?? 'unnamed';
}

/**
 * The identity of an event within its channel: what the provider repeats unchanged with each repetition. Where that is
 * missing or could not be stored, what was signed stands for itself.
 */
export function eventKey(parts: readonly unknown[], signed: string | Buffer): string {
  const texts = parts.map((part) => printable(part, 150));
  const key = texts.join(':');
  if (!texts.includes(undefined) && key.length <= 200) return key;
  return `sha256:${createHash('sha256').update(signed).digest('hex')}`;
}

/** A setting that is a text, undefined where it is not set. */
export function settingOf(settings: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(settings, name) ? settings[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/**
 * A sentence on what is wrong with a channel's settings.
 * @param known the settings that the provider has, each with the texts that it may be
 */
export function settingsProblem(
  settings: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, RegExp>>,
): string | undefined {
  for (const [name, value] of Object.entries(settings)) {
    const pattern = Object.hasOwn(known, name) ? known[name] : undefined;
    if (pattern === undefined) {
      const names = Object.keys(known);
      return `"${clip(name, 40)}" is not a setting of this provider${names.length > 0 ? `, which has ${names.join(', ')}` : ''}`;
    }
    if (typeof value !== 'string' || !pattern.test(value))
      return `"${name}" must be a text that matches ${pattern.source}`;
  }
  return undefined;
}
