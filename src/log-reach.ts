import type { Logger } from 'pino';
import type { ReachListener } from './database/reachability';

/** Says when a database is away and when it is back: one line each, however many statements meet it. */
export function logReach(logger: Pick<Logger, 'warn' | 'info'>): ReachListener {
  return (database, change) => {
    if (change.kind === 'away') {
      const facts = { event: 'database.away', database, err: change.error };
      logger.warn(facts, 'a database is away; what needs it waits, and nothing is asked of it but a probe a second');
    } else {
      logger.info({ event: 'database.back', database, away_ms: change.awayMs }, 'a database is back');
    }
  };
}
