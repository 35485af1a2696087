import type { ChannelId, Id } from '../core/ids';
import type { MatchingRules } from './mapping-schemas';
import type { Reason } from './statement-line';

export type RunId = Id<'statementRun'>;

/**
 * receiving -> quarantined | staged -> matching (match, recover, judge, report) -> done. Each step is one commit, or pages of
 * commits with a position, so that whoever comes after a crash goes on where the last commit was.
 */
export type RunStatus = 'receiving' | 'quarantined' | 'staged' | 'matching' | 'done';
export const STEPS = ['match', 'recover', 'judge', 'report'] as const;
export type Step = (typeof STEPS)[number];

/**
 * What a line or a receipt came to. Those below `recovered` need nobody, those above (see `isDifference`) are a difference.
 * `waiting_...` is in a pool; `missing_...` was there for longer than its channel allows.
 */
export const CLASSES = [
  'matched',
  'repeated',
  'not_money',
  'refund_known',
  'waiting_at_bank',
  'waiting_with_us',
  'recovered',
  'missing_at_bank',
  'missing_with_us',
  'amount_difference',
  'currency_difference',
  'status_difference',
  'fee_difference',
  'duplicate_line',
  'refund_unknown',
] as const;
export type ResultClass = (typeof CLASSES)[number];

const FINE: ReadonlySet<string> = new Set<ResultClass>([
  'matched',
  'repeated',
  'not_money',
  'refund_known',
  'waiting_at_bank',
  'waiting_with_us',
]);

/** A lost callback is a difference too, although nobody has to do anything any more. */
export function isDifference(found: ResultClass): boolean {
  return !FINE.has(found);
}

/** One class and currency of a run, as the database counted them; amounts are decimal strings. */
export interface Total {
  readonly class: ResultClass;
  readonly currency: string;
  readonly count: number;
  readonly amount: string;
  readonly fee: string | null;
  readonly fee_variance: string | null;
}

/** The channel that a run is of, as far as money has an identity there. */
export interface ReconciledChannel {
  readonly id: ChannelId;
  readonly name: string;
  readonly provider: string;
  readonly receiving_account: string;
}

export interface RunRow {
  readonly id: RunId;
  readonly channel_id: ChannelId;
  readonly channel: string;
  readonly kind: 'statement' | 'examination';
  readonly statement_date: string;
  readonly file_name: string | null;
  readonly file_hash: string | null;
  readonly file_bytes: string | null;
  readonly lines: number | null;
  readonly rules: MatchingRules;
  readonly status: RunStatus;
  readonly step: Step | null;
  readonly reasons: readonly Reason[];
  readonly totals: readonly Total[];
  readonly attempts: number;
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

/** What every step of a run works with. */
export interface RunningRun {
  readonly id: RunId;
  readonly kind: 'statement' | 'examination';
  readonly statement_date: string;
  readonly rules: MatchingRules;
  readonly channel: ReconciledChannel;
}
