import { join } from 'node:path';
import { rmSync } from 'node:fs';
import type { Logger } from 'pino';
import { type Boundaries, NOTHING_AROUND } from './boundaries';
import type { Config } from './config';
import { type Clock, systemClock } from './core/clock';
import { DATA_FILES, replaceFile } from './data-dir';
import { openDatabases } from './database/open';
import { type Listener, limitsOf, listen } from './listener';
import { logReach } from './log-reach';
import { logTrouble } from './log-trouble';
import { createLogger, logWritten } from './logger';
import { startTelemetry } from './telemetry/start-telemetry';
import { wire } from './wiring';

export interface RunningService {
  /** Where it listens. */
  readonly url: string;
  readonly logger: Logger;
  /** Takes no more work, finishes what has begun, and closes everything. Stopping twice is the same as once. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** What is put around the parts that reach outside; nothing, unless a test wants it. */
  readonly around?: Boundaries;
}

/**
 * Starts the service: databases, migrations, parts, workers, HTTP, in this order; and stops them in the opposite one.
 * @throws StartRefused where it cannot start; what had been started is stopped again
 */
export async function startService(config: Config, options: ServiceOptions = {}): Promise<RunningService> {
  const logger = options.logger ?? createLogger(config.logLevel);
  const clock = options.clock ?? systemClock;
  const around = options.around ?? NOTHING_AROUND;
  const { onTrouble, onBrokenConnection } = logTrouble(logger, clock);
  const stops: (() => Promise<void>)[] = [];
  const unwind = once(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  try {
    const telemetry = startTelemetry(config.telemetry, logger);
    stops.push(() => telemetry.stop());
    const opened = await openDatabases(config, {
      ...{ embedded: 'own', migrate: true, withoutThoseAway: true, onTrouble },
      ...{ onReach: logReach(logger), pools: { onTrouble: onBrokenConnection } },
    });
    stops.push(opened.close);
    const { urls } = opened;
    const databases = around.databases(opened.databases);
    const parts = wire({ config, databases, urls, logger, clock, tracer: telemetry.tracer, around });
    stops.push(() => parts.stop());
    // Whoever gets an answer finds everything running: nobody is listened to before the workers have begun.
    await parts.start();
    stops.push(() => parts.drain());
    const listener = await listen(around.app(parts.app), config, limitsOf(config.operations));
    stops.push(async () => {
      // Balancers must hear that this process takes no more before it does so.
      parts.sayNotReady();
      await new Promise((resolve) => setTimeout(resolve, config.operations.drainDelayMs));
      await listener.close();
    });
    stops.push(publish(config, listener));
    const facts = { url: listener.url, role: config.operations.role, embedded: config.urls === undefined };
    logger.info({ event: 'service.listening', ...facts, migrated: opened.migrated }, 'listening');
    return { url: listener.url, logger, stop: unwind };
  } catch (error) {
    await unwind();
    throw error;
  }
}

/** Tells the command line, which may run in another shell, where the service is that uses this data folder. */
function publish(config: Config, listener: Listener): () => Promise<void> {
  if (config.urls !== undefined) return () => Promise.resolve();
  const path = join(config.dataDir, DATA_FILES.service);
  replaceFile(path, `${JSON.stringify({ url: listener.url, pid: process.pid })}\n`);
  return () => {
    rmSync(path, { force: true });
    return Promise.resolve();
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}

/** How long a stop may take besides the delay for balancers, before the process ends without it; recovery takes care of what was left. */
const STOP_MS = 20_000;
/** npm passes Ctrl-C on to a process that the terminal has told already: within this time it is one and the same. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Starts the service and runs it until SIGTERM or SIGINT, then stops and ends the process: with 0 where everything was
 * finished, with 1 at a second signal, after 20 seconds, or where something failed that nobody had expected.
 * @param onReady told once the service takes requests
 * @throws StartRefused where it cannot start
 */
export async function runService(config: Config, onReady: (service: RunningService) => void): Promise<void> {
  const logger = createLogger(config.logLevel);
  const starting = startService(config, { logger });
  const stop = async (): Promise<void> => {
    // A start that fails is reported by whoever waits for it below.
    const service = await starting.catch(() => undefined);
    await service?.stop();
  };
  let signalledAt: number | undefined;
  const onSignal = (signal: string): void => {
    const now = systemClock.elapsed();
    if (signalledAt !== undefined && now - signalledAt < SAME_SIGNAL_MS) return;
    if (signalledAt !== undefined) {
      exit(logger, 1, 'ended by a second signal');
      return;
    }
    signalledAt = now;
    logger.info({ event: 'service.stopping', signal }, 'stopping');
    setTimeout(() => {
      exit(logger, 1, 'stopping took too long');
    }, STOP_MS + config.operations.drainDelayMs).unref();
    stop().then(
      () => {
        exit(logger, 0, 'stopped');
      },
      (error: unknown) => {
        exit(logger, 1, 'stopping failed', error);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // After an error that nobody expected the state of the process is not known; what is due is in the databases.
  process.on('unhandledRejection', (error) => {
    exit(logger, 1, 'unexpected error', error);
  });
  process.on('uncaughtException', (error) => {
    exit(logger, 1, 'unexpected error', error);
  });
  onReady(await starting);
}

/** Ends the process, once its last line is written. */
function exit(logger: Logger, code: 0 | 1, message: string, error?: unknown): void {
  const event = 'service.ended';
  if (code === 0) logger.info({ event }, message);
  else logger.fatal({ event, ...(error === undefined ? {} : { err: error }) }, message);
  void logWritten(logger).then(() => process.exit(code));
}
