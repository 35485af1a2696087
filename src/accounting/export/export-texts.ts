/**
 * Texts that came from outside, made safe for a journal's syntax. Names of accounts are kept apart: two parties never get
 * one account, whatever characters they are made of.
 */

/** The bytes of a character in UTF-8, each as two digits in hex. */
function hexOf(character: string): string[] {
  return [...Buffer.from(character, 'utf8')].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'));
}

/** Letters, digits and a few signs stay; all else is percent-encoded, the percent sign included. */
export function hledgerPart(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}._/-]/gu, (character) =>
    hexOf(character)
      .map((hex) => `%${hex}`)
      .join(''),
  );
}

/** ASCII letters, digits and hyphens stay; all else, and a hyphen before an x, is written as `-xHH-`. */
export function beancountPart(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9-]|-(?=x)/gu, (character) => `-x${hexOf(character).join('')}-`);
}

/** One line, without the signs that end a description or split it. Never empty. */
export function hledgerText(text: string): string {
  const shown = oneLine(text).replaceAll(/[;|"]/g, (character) => `%${hexOf(character).join('')}`);
  return shown === '' ? 'unknown' : shown;
}

/** A string of beancount, in its quotes. */
export function beancountText(text: string): string {
  return `"${oneLine(text).replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}

/** Control characters and invisible ones that turn or hide text become a question mark, white space one blank. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
    .trim();
}
