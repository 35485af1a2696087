/**
 * Reads values of command lines for the tools beside the service.
 * @throws Error whose one line tells a person what is wrong
 */
export function whole(name: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (/^\d{1,10}$/.test(text) && number >= from && number <= to) return number;
  throw new Error(`--${name} is "${text}"; expected a whole number from ${from} to ${to}`);
}

/** @throws Error likewise */
export function oneOf<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  throw new Error(`--${option} is "${given}"; expected ${names.join(' or ')}`);
}
