import { hasRedis } from '../test/support/redis';
import { HELP, type ChaosOptions, readOptions } from './options';
import { RunFailed, perform } from './perform';
import { formatReport } from './report';

const EXIT = { sound: 0, found: 1, wrongOption: 2, failed: 3, interrupted: 130 } as const;

function main(): void {
  const options = optionsOrRefusal();
  if (options === undefined) return;
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted.abort(new Error('interrupted; everything is being stopped'));
    });
  }
  perform(options, interrupted.signal).then(
    (report) => {
      process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report), () => {
        process.exit(report.ok ? EXIT.sound : EXIT.found);
      });
    },
    (error: unknown) => {
      const found = error instanceof RunFailed ? error.findings : [];
      const lines = [
        ...found.map(({ kind, sentence }) => `${kind}: ${sentence}`),
        interrupted.signal.aborted || !(error instanceof Error) ? String(error) : (error.stack ?? error.message),
      ];
      process.stderr.write(`${lines.join('\n')}\n`, () => {
        process.exit(interrupted.signal.aborted ? EXIT.interrupted : found.length > 0 ? EXIT.found : EXIT.failed);
      });
    },
  );
}

function optionsOrRefusal(): ChaosOptions | undefined {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === 'help') {
      process.stdout.write(HELP);
      return undefined;
    }
    if (options.queue === 'redis' && !hasRedis())
      throw new Error('--queue redis needs a redis-server (apt-get install redis-server)');
    return options;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT.wrongOption;
    return undefined;
  }
}

main();
