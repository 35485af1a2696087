import type { Json } from '../../support/world';

/** A source of choices: the same numbers make the same choices, and fewer of them simpler ones. */
export function choices(tape: readonly number[]): (below: number) => number {
  let at = 0;
  return (below) => {
    const value = tape[at] ?? 0;
    at += 1;
    return value % below;
  };
}

/**
 * JSON of the same meaning in other bytes: white space, the order of keys, escapes, other forms of a whole number, and a key
 * that stands twice, of which the last counts.
 */
export function respellJson(value: Json, choose: (below: number) => number): string {
  const space = (): string => ['', '', '', ' ', '\n', '\t', '\r\n  '][choose(7)]!;
  const text = (one: string): string =>
    `"${Array.from(one, (character) => (choose(4) === 1 ? escaped(character) : JSON.stringify(character).slice(1, -1))).join('')}"`;
  const write = (one: Json): string => {
    if (typeof one === 'string') return text(one);
    if (typeof one === 'number' && Number.isSafeInteger(one)) return [`${one}`, `${one}.0`, `${one}e0`][choose(3)]!;
    if (one === null || typeof one !== 'object') return JSON.stringify(one);
    if (Array.isArray(one)) return `[${one.map((item: Json) => `${space()}${write(item)}${space()}`).join(',')}]`;
    const fields = shuffled(Object.entries<Json>(one), choose).flatMap(([key, field]) => {
      const written = `${space()}${text(key)}${space()}:${space()}${write(field)}${space()}`;
      return choose(8) === 1 ? [`"${key}":"before"`, written] : [written];
    });
    return `{${fields.join(',')}}`;
  };
  return `${space()}${write(value)}${space()}`;
}

/** A form of the same meaning in other bytes: the order of its parameters, and each byte escaped or not. */
export function respellForm(form: readonly (readonly [string, string])[], choose: (below: number) => number): string {
  const part = (text: string): string =>
    [...Buffer.from(text, 'latin1')]
      .map((byte) => {
        const character = String.fromCharCode(byte);
        if (character === ' ' && choose(2) === 0) return '+';
        if (/[\x21-\x7e]/.test(character) && !/[%&=+]/.test(character) && choose(3) > 0) return character;
        const hex = byte.toString(16).padStart(2, '0');
        return `%${choose(2) === 0 ? hex : hex.toUpperCase()}`;
      })
      .join('');
  return shuffled(form, choose)
    .map(([name, value]) => `${part(name)}=${part(value)}`)
    .join('&');
}

function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
}

function shuffled<T>(items: readonly T[], choose: (below: number) => number): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = at - (choose(at + 1) % (at + 1));
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}
