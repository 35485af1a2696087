import { showId } from '../core/ids';
import type { Logger } from 'pino';
import { Problem, assertNever } from '../core/errors';
import type { Reconciliation } from './reconciliation';
import { type FoundStatement, findStatements } from './statement-folder';

export interface DailyDependencies {
  readonly reconciliation: Reconciliation;
  /** Where statements are put: `<folder>/<channel>/<YYYY-MM-DD>.csv`. */
  readonly folder: string | undefined;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
}

/**
 * The day's work: takes in the statements that lie in the folder, looks at every pool, and drives what is unfinished. Done
 * twice, or by two processes at once, it is done once: a file counts once by its content.
 */
export function createDailyReconciliation(deps: DailyDependencies): () => Promise<void> {
  const { reconciliation, folder } = deps;
  return async () => {
    for (const found of folder === undefined ? [] : await findStatements(folder)) await takeIn(deps, found);
    while ((await reconciliation.advance()) > 0);
    await reconciliation.examineAll();
    while ((await reconciliation.advance()) > 0);
  };
}

/** A file that cannot be taken in now stays where it is, and keeps no other from being taken in. */
async function takeIn({ reconciliation, logger }: DailyDependencies, found: FoundStatement): Promise<void> {
  const { channel, date, fileName } = found;
  try {
    const given = { channel, date, fileName, expected: {}, chunks: found.open() };
    const staged = await reconciliation.handIn(given);
    switch (staged.kind) {
      case 'staged':
      case 'duplicate':
        await found.mark('done');
        break;
      case 'quarantined':
        await found.mark('quarantined');
        break;
      default:
        assertNever(staged);
    }
    const facts = { event: 'statement.taken_in', channel, date, file: fileName };
    logger.info({ ...facts, run: showId('statementRun', staged.run), became: staged.kind }, 'a statement was taken in');
  } catch (error) {
    const err = error instanceof Problem ? error.message : error;
    const facts = { event: 'statement.not_taken_in', err, channel, date, file: fileName };
    logger.warn(facts, 'a statement could not be taken in');
  }
}
