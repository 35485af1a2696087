import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { assertNever } from '../core/errors';
import type { ChannelId, Ids } from '../core/ids';
import type { Clock } from '../core/clock';
import type { Traceparent } from '../core/traceparent';
import type { Acknowledgement, ChannelAccount, ChannelAdapter, RawCallback, RefusalReason } from '../channels/channel';
import { type CallbackRecord, type CallbackRequest, createCallbackLog } from './callback-log';
import { type IncomingEvent, isForAPerson } from './record-events';
import type { SettlePayment, Settlement } from './settle-payment';

/** A channel as the callback meets it, its keys opened. */
export interface CalledChannel {
  readonly id: ChannelId;
  readonly name: string;
  readonly adapter: ChannelAdapter;
  readonly account: ChannelAccount;
}

export interface ReceiveCallbackDependencies {
  readonly find: (channelName: string) => Promise<CalledChannel | undefined>;
  readonly settlePayment: SettlePayment;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'next'>;
  readonly logger: Logger;
  /** How long the bank may wait for its answer, in milliseconds: WeChat Pay gives up after 5 s. */
  readonly answerBudgetMs: number;
  readonly limits?: CallbackLimits;
}

/** Where too many come, they are turned away; each answer is undefined, or the seconds after which to call again. */
export interface CallbackLimits {
  mayVerify(channel: string, from: string): Promise<number | undefined>;
  refused(channel: string, from: string): Promise<void>;
  verified(channel: string, from: string): Promise<number | undefined>;
}

export type Received =
  | { readonly kind: 'no_such_channel' }
  /** Not even verified, because too many from there were not genuine. */
  | { readonly kind: 'limited'; readonly provider: string; readonly retryAfterSeconds: number }
  | {
      readonly kind: 'refused';
      readonly provider: string;
      readonly reason: RefusalReason;
      readonly answer: Acknowledgement;
    }
  | { readonly kind: 'success'; readonly provider: string; readonly answer: Acknowledgement }
  | {
      readonly kind: 'try_again';
      readonly provider: string;
      readonly answer: Acknowledgement;
      readonly retryAfterSeconds: number;
    };

export type ReceiveCallback = (
  channelName: string,
  callback: RawCallback,
  request: CallbackRequest,
) => Promise<Received>;

const RETRY_AFTER_SECONDS = 15;

/**
 * Receives one callback: verified first, then each of its events judged by itself. What is good settles; the whole is
 * acknowledged only when all are final. Past the answer's budget the bank is told to try again while the work goes on.
 */
export function createReceiveCallback(deps: ReceiveCallbackDependencies): ReceiveCallback {
  const { limits } = deps;
  const recordOf = createCallbackLog(deps.logger, deps.clock);
  return async (channelName, callback, request) => {
    const channel = await deps.find(channelName);
    if (channel === undefined) return { kind: 'no_such_channel' };
    const { adapter } = channel;
    const { provider } = adapter;
    const shutFor = await limits?.mayVerify(channel.name, request.from);
    if (shutFor !== undefined) return { kind: 'limited', provider, retryAfterSeconds: shutFor };
    const record = recordOf(channel, request);
    const verification = adapter.verify(callback, channel.account, deps.clock.now());
    switch (verification.kind) {
      case 'refused':
        record.refused(verification.reason);
        await limits?.refused(channel.name, request.from);
        return { kind: 'refused', provider, reason: verification.reason, answer: adapter.refused() };
      case 'verified': {
        const tooMany = await limits?.verified(channel.name, request.from);
        const tryAgain = (retryAfterSeconds: number): Received => ({
          kind: 'try_again',
          provider,
          retryAfterSeconds,
          answer: adapter.tryAgain(),
        });
        if (tooMany !== undefined) return tryAgain(tooMany);
        const events = incomingEvents(deps, channel, callback, verification, record.traceparent);
        const settled = await withinBudget(deps, record, settleAll(deps, events));
        if (settled !== 'failed') record.answered(settled, verification.events);
        return settled === 'final'
          ? { kind: 'success', provider, answer: adapter.success() }
          : tryAgain(RETRY_AFTER_SECONDS);
      }
      default:
        return assertNever(verification);
    }
  };
}

async function settleAll(deps: ReceiveCallbackDependencies, events: readonly IncomingEvent[]): Promise<Settlement> {
  const outcomes = await Promise.allSettled(events.map((event) => deps.settlePayment.event(event)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  const allFinal = outcomes.every((outcome) => outcome.status === 'fulfilled' && outcome.value === 'final');
  return allFinal ? 'final' : 'try_again';
}

/** Whatever goes wrong behind a verified callback is ours to mend: the bank is asked to call again. */
async function withinBudget(
  { answerBudgetMs }: ReceiveCallbackDependencies,
  record: CallbackRecord,
  work: Promise<Settlement>,
): Promise<Settlement | 'failed'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Settlement>((resolve) => {
    timer = setTimeout(resolve, answerBudgetMs, 'try_again');
  });
  const guarded = work.catch((error: unknown) => {
    record.failed(error);
    return 'failed' as const;
  });
  try {
    return await Promise.race([guarded, late]);
  } finally {
    clearTimeout(timer);
  }
}

function incomingEvents(
  { ids }: ReceiveCallbackDependencies,
  channel: CalledChannel,
  { body }: RawCallback,
  { events }: { readonly events: readonly IncomingEvent['event'][] },
  traceparent: Traceparent,
): readonly IncomingEvent[] {
  const callback = {
    id: ids.next<'callback'>(),
    body,
    bodyHash: createHash('sha256').update(body).digest('hex'),
    forAPerson: events.some(({ verdict }) => isForAPerson(verdict)),
  };
  return events.map((event) => ({
    channelId: channel.id,
    provider: channel.adapter.provider,
    receivingAccount: channel.account.receivingAccount,
    event,
    callback,
    traceparent,
  }));
}
