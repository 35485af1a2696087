import type { Response } from 'supertest';
import type { World } from '../support/world';

/**
 * One call of an operation of the API, whose answer the contract test validates against /openapi.json: its status must be
 * one that the document gives for the operation, and its body must fit the schema of that status.
 */
export interface ContractCase {
  /** The operation's id in the document. */
  readonly operation: string;
  /** What this call is about: "a page", "of another merchant". */
  readonly about: string;
  /** The status that it must get. */
  readonly status: number;
  call(world: World): Promise<Response>;
}
