import type { FileMapping } from '../../mapping-schemas';

type DecimalFormat = Pick<FileMapping, 'decimal_separator' | 'thousands_separator'>;

const ESCAPED: Readonly<Record<string, string>> = { '.': '\\.', ',': ',', ' ': '[ \u00a0\u202f]', "'": "['\u2019]" };

/**
 * Reads amounts as a file writes them into plain decimal strings ("1.234,50" as "1234.50"), undefined where it is none.
 * Groups must be of three digits, so that a file with the other decimal sign is refused and not read a thousandfold.
 */
export function decimalReader(format: DecimalFormat): (text: string) => string | undefined {
  const point = ESCAPED[format.decimal_separator] ?? '\\.';
  const group = format.thousands_separator === '' ? undefined : ESCAPED[format.thousands_separator];
  const whole = group === undefined ? '\\d{1,18}' : `(?:\\d{1,3}(?:${group}\\d{3}){1,5}|\\d{1,18})`;
  const pattern = new RegExp(`^([+-]?)(${whole})(?:${point}(\\d{1,8}))?$`);
  return (text) => {
    const [matched, sign, digits, fraction] = pattern.exec(text) ?? [];
    if (matched === undefined || digits === undefined) return undefined;
    const plain = digits.replace(/\D/g, '').replace(/^0+(?=\d)/, '');
    const rest = (fraction ?? '').replace(/0+$/, '');
    const value = rest === '' ? plain : `${plain}.${rest}`;
    return sign === '-' && value !== '0' ? `-${value}` : value;
  };
}
