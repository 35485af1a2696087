import { loadConfig } from '../../../src/config';
import { startService } from '../../../src/main';
import { type Death, createMortal } from './mortal-boundaries';

/**
 * The service as a process that can be told where to die: from the start by DIES_AT, as JSON, or later by its parent. It
 * says to its parent where it listens, and when it knows where to die.
 */
const mortal = createMortal();
const { DIES_AT } = process.env;
if (DIES_AT !== undefined) mortal.dieAt(JSON.parse(DIES_AT) as Death);

process.on('message', (death: Death) => {
  mortal.dieAt(death);
  process.send?.('warned');
});
// Nobody may outlive the test that has started it.
process.on('disconnect', () => process.exit(1));
void startService(loadConfig(), { around: mortal.around }).then(({ url }) => process.send?.({ url }));
