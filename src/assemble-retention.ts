import type { Logger } from 'pino';
import { createLegsOfReceipts } from './accounting/legs-of-receipts-store';
import { legsHash } from './callbacks/plan';
import type { RetentionConfig } from './config-retention';
import type { Participant } from './consistency/tcc/participant';
import type { Databases } from './consistency/transaction';
import type { Clock } from './core/clock';
import { attemptsOfEnded } from './retention/attempts-store';
import { oldBodies } from './retention/bodies-store';
import { endedHolds } from './retention/holds';
import { type Retention, type RetentionObserver, createRetention } from './retention/retention';
import { finishedTransactions } from './retention/transactions';

export interface RetentionParts {
  readonly databases: Databases;
  readonly participants: readonly Participant[];
  readonly keeps: RetentionConfig;
  readonly clock: Clock;
  readonly observer: RetentionObserver;
  readonly logger: Pick<Logger, 'info'>;
}

/** What is cleaned, for the service and for the command line: transactions before their holds. */
export function assembleRetention({
  databases,
  participants,
  keeps,
  clock,
  observer,
  logger,
}: RetentionParts): Retention {
  const db = databases.orders;
  const vouchersOf = createLegsOfReceipts({ db: databases.accounting });
  return createRetention({
    kinds: [
      finishedTransactions({ db, participants, vouchersOf, legsHash, days: keeps.transactions }),
      ...participants.map((participant) => endedHolds({ db, participant, days: keeps.holds })),
      attemptsOfEnded({ db, days: keeps.attempts }),
      oldBodies({ db, days: keeps.bodies }),
    ],
    clock,
    observer,
    logger,
  });
}
