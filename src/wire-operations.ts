import type { RequestHandler, Router } from 'express';
import type { ReceiveCallback } from './callbacks/receive-callback';
import type { Consumed, Consumer } from './consistency/outbox/outbox';
import type { Clock } from './core/clock';
import type { Foundation } from './foundation';
import { type LimitedAuthentication, createApiLimits } from './http/limits/api-limits';
import { createCallbackLimits } from './http/limits/callback-limits';
import { createMetricsRoutes } from './http/metrics';
import { observeRequests } from './http/observed-requests';
import { turnAway } from './http/turn-away';
import type { Metrics } from './telemetry/metrics';

/** How the service is watched and protected: what the parts of the main job take as observers and limits. */
export interface Limits {
  readonly callbacks: ReturnType<typeof createCallbackLimits>;
  readonly authentication: LimitedAuthentication;
}

/** What of the foundation is needed for it. */
type Watched = Pick<Foundation, 'config' | 'ids' | 'clock' | 'logger' | 'metrics'>;

export function wireLimits({ config, clock, metrics }: Watched): Limits {
  const { limits } = config.operations;
  return {
    callbacks: createCallbackLimits({
      clock,
      perSecond: limits.channelPerSecond,
      refusedPerMinute: limits.refusedCallbacksPerMinute,
      onLimited: metrics.limited,
    }),
    authentication: createApiLimits({
      clock,
      perSecond: { 'api-key': limits.apiKeyPerSecond, operator: limits.operatorPerSecond },
      failuresPerMinute: limits.failedAuthenticationsPerMinute,
      onLimited: metrics.limited,
    }),
  };
}

/** What watching and protecting add to the application: who is turned away at once, who sees requests, and /metrics. */
export function wireWatching(
  { config, ids, clock, logger, metrics }: Watched,
  authenticateOperator: RequestHandler,
): { readonly turnAway: RequestHandler; readonly observe: RequestHandler; readonly metrics: Router } {
  return {
    turnAway: turnAway({
      most: config.operations.mostCallbacksInFlight,
      newRequestId: () => ids.token(),
      logger,
      clock,
      onTurnedAway: () => {
        metrics.limited('callbacks_in_flight');
      },
    }),
    observe: observeRequests(metrics.requests),
    metrics: createMetricsRoutes({
      scrape: () => metrics.scrape(),
      token: config.operations.metricsToken,
      authenticateOperator,
    }),
  };
}

const ANSWERS = { success: 'acknowledged', refused: 'refused', try_again: 'try_again', limited: 'limited' } as const;

/** Tells of every callback to a channel that exists. */
export function observedCallbacks(receive: ReceiveCallback, metrics: Metrics, clock: Clock): ReceiveCallback {
  return async (channel, callback, from) => {
    const began = clock.elapsed();
    const received = await receive(channel, callback, from);
    if (received.kind === 'no_such_channel') return received;
    metrics.callbacks({
      channel,
      provider: received.provider,
      answer: ANSWERS[received.kind],
      reason: received.kind === 'refused' ? received.reason : '',
      tookMs: clock.elapsed() - began,
    });
    return received;
  };
}

/** Tells of every message that a consumer has consumed or failed on. */
export function observedConsumer(consumer: Consumer, metrics: Metrics): Consumer {
  const { topic } = consumer;
  return {
    topic,
    consume: async (messages) => {
      let answers: readonly Consumed[] = [];
      try {
        answers = await consumer.consume(messages);
        return answers;
      } finally {
        for (const [index, { id }] of messages.entries()) {
          metrics.messages({ id, topic, outcome: answers[index]?.kind ?? 'failed' });
        }
      }
    },
  };
}
