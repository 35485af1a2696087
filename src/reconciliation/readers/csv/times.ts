const ISO =
  /^(?<yyyy>\d{4})-(?<MM>\d\d)-(?<dd>\d\d)(?:[T ](?<HH>\d\d):(?<mm>\d\d)(?::(?<ss>\d\d)(?:[.,]\d{1,9})?)?)?\s?(?<zone>Z|UTC|[+-]\d\d:?\d\d)?$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads times as a file writes them into texts that PostgreSQL takes for a time with a zone; undefined where it is no time
 * of the calendar. The zone that the text names itself comes first.
 * @param format of yyyy, MM, dd, HH, mm, ss and what stands between them; ISO 8601 where there is none
 */
export function timeReader(format: string | undefined, timeZone: string): (text: string) => string | undefined {
  const pattern = format === undefined ? ISO : compile(format);
  return (text) => {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) return undefined;
    const { yyyy = '', MM = '', dd = '', HH = '00', mm = '00', ss = '00', zone } = groups;
    if (!isDay(Number(yyyy), Number(MM), Number(dd))) return undefined;
    if (Number(HH) > 23 || Number(mm) > 59 || Number(ss) > 59) return undefined;
    return `${yyyy}-${MM}-${dd} ${HH}:${mm}:${ss} ${zone ?? timeZone}`;
  };
}

/** A sentence on what is wrong with a format, undefined where it is fine. */
export function timeFormatProblem(format: string): string | undefined {
  for (const token of ['yyyy', 'MM', 'dd']) {
    if (format.split(token).length !== 2) return `must have ${token} once`;
  }
  return /^(?:yyyy|MM|dd|HH|mm|ss|[^A-Za-z])+$/.test(format) ? undefined : 'is made of yyyy, MM, dd, HH, mm and ss';
}

function compile(format: string): RegExp {
  const source = format
    .replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    .replace(/yyyy/, '(?<yyyy>\\d{4})')
    .replace(/MM/, '(?<MM>\\d\\d)')
    .replace(/dd/, '(?<dd>\\d\\d)')
    .replace(/HH/, '(?<HH>\\d\\d)')
    .replace(/mm/, '(?<mm>\\d\\d)')
    .replace(/ss/, '(?<ss>\\d\\d)');
  return new RegExp(`^${source}$`);
}

/** A bank's 30 February is a day that PostgreSQL refuses, and with it the whole list that it stands in. */
function isDay(year: number, month: number, day: number): boolean {
  if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > (DAYS[month - 1] ?? 0)) return false;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month !== 2 || day < 29 || isLeap;
}
