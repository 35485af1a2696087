import { systemClock } from '../../src/core/clock';
import { logTrouble } from '../../src/log-trouble';
import { capturedLog } from '../support/captured-log';

it('a database that closes connections as fast as they are made does not fill the log', () => {
  const { logger, lines } = capturedLog();
  const { onTrouble, onBrokenConnection } = logTrouble(logger, systemClock);
  for (let count = 0; count < 1_000; count += 1) onBrokenConnection('Connection Error');
  onTrouble('the embedded PostgreSQL is back');
  expect(lines().filter(({ event }) => event === 'service.trouble').length).toBe(31);
});
