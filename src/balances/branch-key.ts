import type { BranchKey } from '../consistency/tcc/participant';

/** A branch as the key of a map. */
export function keyOf(key: { readonly gid: string; readonly branch: string }): string {
  return `${key.gid}/${key.branch}`;
}

/** Each branch once, because a list may name one twice and a lock that is read twice would be applied twice. */
export function distinct<Key extends BranchKey>(keys: readonly Key[]): readonly Key[] {
  const first = new Map<string, Key>();
  for (const key of keys) if (!first.has(keyOf(key))) first.set(keyOf(key), key);
  return [...first.values()];
}
