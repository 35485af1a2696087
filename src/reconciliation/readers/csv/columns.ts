import { clip } from '../../../core/clip';
import type { FileMapping } from '../../mapping-schemas';
import { StatementRefused } from '../../statement-line';

type ColumnName = keyof FileMapping['columns'];
export type ColumnPlaces = Readonly<Partial<Record<ColumnName, number>>>;

/** Takes the mapping's characters and white space off both ends of a value: WeChat Pay's backtick, Alipay's TAB. */
export function valueCleaner(strip: string): (value: string) => string {
  if (strip === '') return (value) => value.trim();
  const one = `[\\s${strip.replace(/[\]\\^-]/g, '\\$&')}]`;
  const ends = new RegExp(`^${one}+|${one}+$`, 'gu');
  return (value) => value.replace(ends, '');
}

/**
 * Where the columns are.
 * @param header the cleaned fields of the header line, undefined where the file has none
 * @throws StatementRefused that names what is missing and what is there
 */
export function placeColumns(mapping: FileMapping, header: readonly string[] | undefined): ColumnPlaces {
  const places: Partial<Record<ColumnName, number>> = {};
  for (const [name, wanted] of Object.entries(mapping.columns)) {
    if (wanted === undefined) continue;
    const place = typeof wanted === 'number' ? wanted - 1 : (header ?? []).indexOf(wanted);
    if (place < 0) {
      const there = clip((header ?? []).slice(0, 40).join(', '), 400);
      throw new StatementRefused([{ reason: `there is no column "${wanted}" (${name}); the header has: ${there}` }]);
    }
    if (typeof wanted === 'string' && header?.indexOf(wanted, place + 1) !== -1) {
      throw new StatementRefused([
        { reason: `the header has the column "${wanted}" twice; give its position instead` },
      ]);
    }
    places[name as ColumnName] = place;
  }
  return places;
}
