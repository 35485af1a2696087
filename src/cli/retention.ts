import type { Command } from 'commander';
import { assembleRetention } from '../assemble-retention';
import { createParticipant } from '../balances/participant';
import { loadRetentionConfig } from '../config';
import { systemClock } from '../core/clock';
import { createIds } from '../core/ids';
import { openDatabases } from '../database/open';
import type { Cleaned } from '../retention/retention';
import { type Output, table } from './output';

interface RunOptions {
  readonly dryRun: boolean;
  readonly json?: boolean;
}

/** The verbs about what is cleaned when it has served its time. They work on the databases, as `audit` does. */
export function addRetentionCommands(program: Command, output: Output): void {
  program
    .command('retention')
    .description('what is deleted when it has served its time')
    .command('run')
    .description('delete it now; every worker does so once an hour')
    .option('--dry-run', 'only count it', false)
    .option('--json', 'print JSON')
    .action((options: RunOptions) => run(output, options));
}

async function run(output: Output, { dryRun, json }: RunOptions): Promise<void> {
  const config = loadRetentionConfig();
  const opened = await openDatabases(config, { embedded: 'shared', migrate: false });
  try {
    const { databases } = opened;
    const ids = createIds(systemClock);
    const retention = assembleRetention({
      databases,
      participants: [
        createParticipant({ db: databases.accounts, ids }),
        createParticipant({ db: databases.points, ids }),
      ],
      keeps: config.retention,
      clock: systemClock,
      observer: { cleaned: () => undefined, oldest: () => undefined },
      logger: { info: () => undefined },
    });
    output.line(show(await retention.run(dryRun), json === true));
  } finally {
    await opened.close();
  }
}

function show(walks: readonly Cleaned[], json: boolean): string {
  if (json) return JSON.stringify(walks, null, 2);
  if (walks.length === 0) return 'everything is kept for ever';
  return table(
    walks.map((walk) => ({ ...walk })),
    ['kind', 'cleaned', 'unfinished'],
  );
}
