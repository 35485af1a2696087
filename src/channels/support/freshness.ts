/** The window of WeChat Pay, Stripe and Standard Webhooks alike: five minutes. */
const WINDOW_SECONDS = 300;

/**
 * Whether a signed time lies within five minutes of now, in the past or in the future: a time of tomorrow would let a
 * stolen callback be replayed for a day.
 * @param seconds Unix seconds in plain digits, as the header gives them
 */
export function isFresh(seconds: string, now: Date): boolean {
  if (!/^\d{1,12}$/.test(seconds)) return false;
  return Math.abs(Math.floor(now.getTime() / 1000) - Number(seconds)) <= WINDOW_SECONDS;
}
