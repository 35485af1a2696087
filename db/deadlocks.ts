const DEADLOCK_DETECTED = '40P01';

/**
 * Does a step of a migration that locks little and is no part of a transaction, and does it again where it was ended as the victim of a
 * deadlock: whoever it met, such as the maker of months, has gone on by then.
 */
export async function despiteDeadlocks<Result>(step: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === DEADLOCK_DETECTED)) throw error;
    }
  }
}
