import { createRequire } from 'node:module';
import { extname, join } from 'node:path';

/**
 * The service, exactly as `quittance start` runs it, in a process that does not outlive the demo: where the demo ends without
 * a word, the service stops as at SIGTERM. Only a demo that is told to leave it running lets it go.
 */
process.argv.splice(2, Infinity, 'start');
let leftRunning = false;
process.on('message', (message) => {
  leftRunning = message === 'stay';
  if (leftRunning) process.disconnect();
});
process.on('disconnect', () => {
  if (!leftRunning) process.kill(process.pid, 'SIGTERM');
});

const path = join(__dirname, '..', 'src', `cli${extname(__filename)}`);
const cli = createRequire(__filename)(path) as { runCommandLine: () => void };
cli.runCommandLine();
