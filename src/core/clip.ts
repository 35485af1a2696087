/**
 * The beginning of a text: at most so many UTF-16 units of it, and never half of a surrogate pair at its end. Half a pair is
 * no character: PostgreSQL keeps no JSON that holds one, and strict readers of JSON refuse it.
 */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(most - 1));
  return text.slice(0, isHalf ? most - 1 : most);
}
