import { type Check, SUSPECTS } from './check';
import type { KeyPages } from './key-pages-store';
import type { Finding, GuaranteeNumber } from './report';

/** The length of the lists in which rows are compared across databases. */
const PAGE = 1_000;

export interface Walk {
  readonly guarantee: GuaranteeNumber;
  readonly keys: KeyPages;
  /** Reads everything about these keys afresh and says what is wrong. */
  readonly inspect: (keys: readonly string[]) => Promise<readonly Finding[]>;
}

/** A check that goes over all keys of a table, page by page, up to the newest one there was when it began. */
export function walk({ guarantee, keys, inspect }: Walk): Check {
  return {
    guarantee,
    look: async () => {
      const findings: Finding[] = [];
      let checked = 0;
      let unlisted = 0;
      const upTo = await keys.newest();
      for (let page = await keys.page(undefined, upTo, PAGE); page.length > 0;) {
        const found = await inspect(page);
        const listed = found.slice(0, SUSPECTS - findings.length);
        findings.push(...listed);
        unlisted += found.length - listed.length;
        checked += page.length;
        page = page.length < PAGE ? [] : await keys.page(page.at(-1), upTo, PAGE);
      }
      return { checked, findings, unlisted };
    },
    again: async (suspects) => {
      const findings: Finding[] = [];
      for (let start = 0; start < suspects.length; start += PAGE) {
        findings.push(...(await inspect(suspects.slice(start, start + PAGE))));
      }
      return findings;
    },
  };
}
