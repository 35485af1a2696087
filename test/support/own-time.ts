const BEAT_MS = 10;

/**
 * Measures how long something waits, by what this process has lived through meanwhile. It counts the beats of a timer: one that
 * comes late, because the machine was busy with others, is one beat all the same. So whoever waits for a time-out is seen to do
 * so on every machine, and whoever only gets no processor is not.
 * @returns ends the measurement and tells its milliseconds, which are never more than a clock would have told
 */
export function measureOwnTime(): () => number {
  let beats = 0;
  const beating = setInterval(() => (beats += 1), BEAT_MS).unref();
  return () => {
    clearInterval(beating);
    return beats * BEAT_MS;
  };
}
