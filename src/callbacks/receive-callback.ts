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
        if (tooMany !== undefined) return tryAgain(adapter, tooMany);
        const events = incomingEvents(deps, channel, callback, verification, record.traceparent);
        const settled = await withinBudget(deps, record, settleAll(deps, events));
        if (settled !== 'failed') record.answered(settled, verification.events);
        return settled === 'final'
          ? { kind: 'success', provider, answer: adapter.success() }
          : tryAgain(adapter, RETRY_AFTER_SECONDS);
      }
      default:
        return assertNever(verification);
    }
  };
}

function tryAgain(adapter: ChannelAdapter, retryAfterSeconds: number): Received {
  return { kind: 'try_again', provider: adapter.provider, retryAfterSeconds, answer: adapter.tryAgain() };
}

async function settleAll(deps: ReceiveCallbackDependencies, events: readonly IncomingEvent[]): Promise<Settlement> {
  const work: Promise<Settlement>[] = [];
  for (const event of events) work.push(deps.settlePayment.event(event));
  let answer: Settlement = 'final';
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === 'rejected') throw outcome.reason;
    if (outcome.value !== 'final') answer = 'try_again';
  }
  return answer;
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
  try {
    return await Promise.race([orFailed(record, work), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function orFailed(record: CallbackRecord, work: Promise<Settlement>): Promise<Settlement | 'failed'> {
  try {
    return await work;
  } catch (error) {
    record.failed(error);
    return 'failed';
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
    forAPerson: events.some(isOneForAPerson),
  };
  const { id: channelId, adapter, account } = channel;
  const { provider } = adapter;
  const { receivingAccount } = account;
  const incoming: IncomingEvent[] = [];
  for (const event of events) incoming.push({ channelId, provider, receivingAccount, event, callback, traceparent });
  return incoming;
}

function isOneForAPerson({ verdict }: IncomingEvent['event']): boolean {
  return isForAPerson(verdict);
}
