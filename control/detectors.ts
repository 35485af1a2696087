/** A test that must notice when a protection is gone. */
export interface Detector {
  readonly name: string;
  readonly file: string;
  /** What a failure says where the protection was missed, and not something else that went wrong. */
  readonly says: RegExp;
}

/** Every property prints what contradicts it; a suite that could not start does not. */
const COUNTEREXAMPLE = /Counterexample:/;

const model = (name: string): Detector => ({ name, file: `test/models/${name}.test.ts`, says: COUNTEREXAMPLE });

export const PARTICIPANT = model('participant');
export const PARTICIPANT_RACES: Detector = {
  ...model('participant-races'),
  says: /Counterexample:|no order explains this history/,
};
export const COORDINATOR = model('coordinator');
export const CLAIMS = model('claims');
export const ORDERS: Detector = { ...model('order'), says: /Counterexample:|\d violations?\./ };
export const ADAPTERS: Detector = { name: 'adapters', file: 'test/fuzz/adapters/bodies.test.ts', says: COUNTEREXAMPLE };
export const DECISION: Detector = {
  name: 'moved here',
  file: 'test/flow/moved-here.test.ts',
  says: /"said": "open"|Expected: "settling"/,
};
export const FIRST_ATTEMPTS: Detector = {
  name: 'first attempts',
  file: 'test/flow/first-attempts.test.ts',
  says: /expect\(received\)/,
};
/** It stands on nothing but the handler: whatever it expects in vain is the protection. */
export const TURNING_AWAY: Detector = {
  name: 'turning away',
  file: 'test/unit/http/turn-away.test.ts',
  says: /expect\(received\)/,
};
export const OVERLOAD: Detector = {
  name: 'overload',
  file: 'test/flow/rate-limits.test.ts',
  says: /"overloaded"/,
};
/** A month that is not there or has gone, a payment that fails, rows that are in the way, and what the audit says. */
export const MONTHS: Detector = {
  name: 'months',
  file: 'test/flow/months.test.ts',
  says: /- +"(timed)?_p\d{4}_\d\d"|Expected value: (503|not "\S+_p\d{4}_\d\d")|violated by some row|a trigger that refuses changes is missing/,
};
