import { COORDINATOR_MUTANTS } from './coordinator';
import { FIRST_ATTEMPT_MUTANTS } from './first-attempts';
import { MONTHS_MUTANTS } from './months';
import type { Mutant } from './mutant';
import { OVERLOAD_MUTANTS } from './overload';
import { PARTICIPANT_MUTANTS } from './participant';
import { PAYMENT_MUTANTS } from './payments';

/** Every protection that `npm run control` breaks, one after the other. */
export const MUTANTS: readonly Mutant[] = [
  ...PARTICIPANT_MUTANTS,
  ...COORDINATOR_MUTANTS,
  ...PAYMENT_MUTANTS,
  ...FIRST_ATTEMPT_MUTANTS,
  ...OVERLOAD_MUTANTS,
  ...MONTHS_MUTANTS,
];
