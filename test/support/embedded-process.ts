/**
 * A process that owns an embedded database, as the service does, and nothing else: it prints `ready <url> <home> <pid of
 * the server>` and runs until SIGTERM; at SIGUSR2 it ends without stopping anything. Arguments: the data folder.
 */
import { startEmbedded } from '../../src/database/embedded';

async function main(): Promise<void> {
  const [dataDir = ''] = process.argv.slice(2);
  const server = await startEmbedded({
    dataDir,
    onEvent: (sentence) => process.stdout.write(`event ${sentence}\n`),
  });
  process.once('SIGUSR2', () => process.exit(3));
  process.once('SIGTERM', () => {
    void server.stop().then(() => process.exit(0));
  });
  // Last, because whoever reads it may send a signal at once.
  process.stdout.write(`ready ${server.url} ${server.home} ${server.pid() ?? 0}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`refused ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
