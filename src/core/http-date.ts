const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const IMF_FIXDATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/**
 * Reads an HTTP date in its preferred form, IMF-fixdate (RFC 9110, section 5.6.7); the obsolete forms are ambiguous in
 * their year and are not read. `Date.parse` takes far more than that.
 */
export function readHttpDate(text: string): Date | undefined {
  const parts = IMF_FIXDATE.exec(text);
  if (parts === null) return undefined;
  const month = MONTHS.indexOf(parts[2] ?? '');
  const [day, year, hours, minutes, seconds] = [1, 3, 4, 5, 6].map((index) => Number(parts[index]));
  if (month < 0 || day === undefined || year === undefined) return undefined;
  return new Date(Date.UTC(year, month, day, hours, minutes, seconds));
}
