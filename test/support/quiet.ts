import pino from 'pino';
import { systemRandom } from '../../src/core/random';
import { createIdTracer } from '../../src/telemetry/id-tracer';

/** For parts that a test makes by itself: a log that nobody reads, and traces that are recorded nowhere. */
export const quietLogger = pino({ level: 'silent' });
export const idTracer = createIdTracer(systemRandom);
