import type { SchemaName } from '../src/consistency/transaction';

/**
 * Terminology
 * - nemesis: what inflicts faults on the service while it works.
 * - link: the connections of one service process to one of its databases, or to the queue where that has a server of its own.
 *
 * Processes are counted from 0; times are in milliseconds, `at` counts from the first payment.
 */
export type Link = SchemaName | 'queue';

/** How long before its end, or before it is frozen, a process is slow: many payments are on their way then. */
export const SLOW_FOR_MS = 1_200;

export type Fault =
  /**
   * SIGKILL; the process is started again after `downMs`. Its links have been slow by `slowMs` for a moment, so that it is
   * in the middle of many payments, between any two of their commits.
   */
  | {
      readonly kind: 'kill';
      readonly at: number;
      readonly process: number;
      readonly slowMs: number;
      readonly downMs: number;
    }
  /** SIGTERM, as in a rolling restart, and started again when it has drained. */
  | { readonly kind: 'restart'; readonly at: number; readonly process: number }
  /** SIGSTOP, and SIGCONT when its deadlines, and in some its leases, have long run out. Slow before, as before a kill. */
  | {
      readonly kind: 'freeze';
      readonly at: number;
      readonly process: number;
      readonly slowMs: number;
      readonly lastsMs: number;
    }
  /** The clock of one process is wrong by so much, and then steps back. */
  | {
      readonly kind: 'skew';
      readonly at: number;
      readonly process: number;
      readonly byMs: number;
      readonly lastsMs: number;
    }
  /** The server of this schema stops in immediate mode, recovers from its log and is back. */
  | { readonly kind: 'postgres'; readonly at: number; readonly schema: SchemaName }
  /** The same, and nobody reaches this schema for a while. */
  | { readonly kind: 'outage'; readonly at: number; readonly schema: SchemaName; readonly lastsMs: number }
  /** Every connection of a link is cut, and new ones too, for a while. */
  | {
      readonly kind: 'cut';
      readonly at: number;
      readonly process: number;
      readonly link: Link;
      readonly lastsMs: number;
    }
  /** Every connection of a link is reset once. */
  | { readonly kind: 'reset'; readonly at: number; readonly process: number; readonly link: Link }
  /** Whatever passes a link is held up by `byMs`. */
  | {
      readonly kind: 'delay';
      readonly at: number;
      readonly process: number;
      readonly link: Link;
      readonly byMs: number;
      readonly lastsMs: number;
    }
  /** Connections of a link stay open and pass nothing on. */
  | {
      readonly kind: 'black_hole';
      readonly at: number;
      readonly process: number;
      readonly link: Link;
      readonly lastsMs: number;
    }
  /** Strangers take every connection that the server of this schema has left. */
  | { readonly kind: 'crowd'; readonly at: number; readonly schema: SchemaName; readonly lastsMs: number }
  /** Somebody locks a table that every payment writes, so that pools fill with statements that wait. */
  | { readonly kind: 'locks'; readonly at: number; readonly schema: SchemaName; readonly lastsMs: number }
  /** Every job of the queue is gone. */
  | { readonly kind: 'flush'; readonly at: number }
  /** The queue's server is killed and comes back empty; a queue on PostgreSQL is flushed instead. */
  | { readonly kind: 'queue'; readonly at: number; readonly downMs: number };

export type FaultKind = Fault['kind'];

/** One line for a person. */
export function describeFault(fault: Fault): string {
  const { kind, at, ...details } = fault;
  const facts = Object.entries(details).map(([name, value]) => `${name} ${value}`);
  return [`${(at / 1000).toFixed(1)} s`, kind, ...facts].join('  ');
}
