const DAY_MS = 86_400_000;

/** The date of a time in UTC: "2026-11-21" of "2026-11-21T09:30:00.000000Z". */
export function dayOf(time: string): string {
  return time.slice(0, 10);
}

/** The date so many days after another, or before it. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The date of the last moment before a time in UTC: midnight ends the day before. */
export function lastDayBefore(time: string): string {
  return /T00:00:00(\.0+)?Z$/.test(time) ? addDays(dayOf(time), -1) : dayOf(time);
}
