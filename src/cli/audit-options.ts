import type { ChainHeadSeen } from '../accounting/verify-chain';

export type SeenHead = ChainHeadSeen;

/** Verbs that read whole tables: their statements may take longer than those of a payment. */
export const AUDIT_POOLS = {
  size: 4,
  statementTimeoutMs: 600_000,
  idleInTransactionTimeoutMs: 600_000,
  applicationName: 'quittance audit',
  plans: 'by_cost',
} as const;

/** A head of the chain as the log has it. */
export function readHead(text: string): SeenHead {
  const [, number, hash] = /^(\d{1,18}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number !== undefined && hash !== undefined) return { number, hash };
  throw new Error(`--seen-head is "${text}"; expected a number and a hash in hex, as the log has them`);
}
