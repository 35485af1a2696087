import { createHash } from 'node:crypto';
import type { ChannelEvent } from '../channels/channel';
import type { ChannelId } from '../core/ids';
import { Money } from '../core/money';
import type { ReconciledChannel } from './run';
import type { LostCallback } from './results-store';

/** A verified event on its way into the callback's own flow. */
export interface RecoveredEvent {
  readonly channelId: ChannelId;
  readonly provider: string;
  readonly receivingAccount: string;
  readonly event: ChannelEvent;
  readonly body: Buffer;
  readonly bodyHash: string;
}

/** The callback's own flow; it resolves when the money is recorded, and may throw where something is down. */
export type SettleEvent = (event: RecoveredEvent) => Promise<unknown>;

const OURS = /^[0-9A-Za-z]{1,32}$/;

/**
 * Sends lost callbacks through the callback's own flow: the money has the identity that a late callback has too, so that the
 * callback meets the same receipt. Sending one twice is the same as once.
 * @throws what the first of them throws that could not be recorded, when all have been tried
 */
export async function recoverCallbacks(
  settle: SettleEvent,
  channel: ReconciledChannel,
  lines: readonly LostCallback[],
): Promise<void> {
  const outcomes = await Promise.allSettled(lines.map((line) => settle(eventOf(channel, line))));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

function eventOf(channel: ReconciledChannel, line: LostCallback): RecoveredEvent {
  const reference = line.payment_reference;
  const money = Money.fromDatabase(line.amount, line.currency);
  const said = {
    statement: line.statement_date,
    line: line.line_number,
    provider_reference: line.provider_reference,
    payment_reference: reference,
    amount: money.toString(),
    currency: line.currency,
  };
  const body = Buffer.from(JSON.stringify(said));
  return {
    channelId: channel.id,
    provider: channel.provider,
    receivingAccount: channel.receiving_account,
    event: {
      key: `statement:${createHash('sha256').update(line.identity).digest('hex')}`,
      type: 'statement.paid',
      verdict: {
        kind: 'payment_succeeded',
        providerReference: line.provider_reference,
        paymentReference: reference !== null && OURS.test(reference) ? reference : undefined,
        amount: money,
      },
    },
    body,
    bodyHash: createHash('sha256').update(body).digest('hex'),
  };
}
