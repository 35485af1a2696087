import { Counter, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../core/clock';
import type { StepObserver } from '../core/gather';
import { timeOfId } from '../core/ids';
import { type RetentionMetrics, createRetentionMetrics } from './retention-metrics';
import { createStepMetrics } from './step-metrics';

/** What the parts tell while they work. Each is a plain function or object, so that no part knows who listens. */
export interface FlowMetrics {
  readonly steps: StepObserver;
  readonly callbacks: (callback: ObservedCallback) => void;
  readonly settlements: { decided(outcome: string, receipt: string): void; settled(receipt: string): void };
  readonly messages: (message: { readonly id: string; readonly topic: string; readonly outcome: string }) => void;
  readonly attempts: (attempt: ObservedAttempt) => void;
  readonly requests: (request: ObservedRequest) => void;
  /** A request that a rate limit turned away. */
  readonly limited: (limit: string) => void;
  readonly retention: RetentionMetrics;
}

export interface ObservedCallback {
  readonly channel: string;
  readonly provider: string;
  readonly answer: 'acknowledged' | 'refused' | 'try_again' | 'limited' | 'failed';
  /** Why it was refused; empty otherwise. */
  readonly reason: string;
  readonly tookMs: number;
}

export interface ObservedAttempt {
  readonly notification: string;
  readonly result: string;
  readonly durationMs: number;
}

export interface ObservedRequest {
  /** The operation's id in the API's document; `none` for what reached no operation. Never the path. */
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  readonly tookMs: number;
}

const ANSWER_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3.5, 5, 10];
const LAG_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30, 60, 300, 900, 3_600];
/** The notifications' schedules end after days. */
const DELIVERY_SECONDS = [...LAG_SECONDS, 21_600, 86_400, 259_200];
/** An operator may make any number of channels; the first so many get a series each. */
const MOST_CHANNELS = 200;

export function createFlowMetrics(registry: Registry, clock: Clock): FlowMetrics {
  const registers = [registry];
  const sinceSeconds = (id: string): number => Math.max(0, (clock.now().getTime() - timeOfId(id)) / 1_000);
  const limited = new Counter({
    name: 'quittance_rate_limited_total',
    help: 'Requests that a rate limit turned away, by limit',
    labelNames: ['limit'],
    registers,
  });
  return {
    steps: createStepMetrics(registry),
    callbacks: callbackMetrics(registry),
    settlements: settlementMetrics(registry, sinceSeconds),
    messages: messageMetrics(registry, sinceSeconds),
    attempts: attemptMetrics(registry, sinceSeconds),
    requests: requestMetrics(registry),
    retention: createRetentionMetrics(registry),
    limited: (limit) => {
      limited.inc({ limit });
    },
  };
}

function callbackMetrics(registry: Registry): FlowMetrics['callbacks'] {
  const registers = [registry];
  const total = new Counter({
    name: 'quittance_callbacks_total',
    help: 'Callbacks of banks and gateways, by what they were answered and why they were refused',
    labelNames: ['channel', 'provider', 'answer', 'reason'],
    registers,
  });
  const seconds = new Histogram({
    name: 'quittance_callback_seconds',
    help: 'Time from a callback that is read to its answer',
    labelNames: ['provider', 'answer'],
    buckets: ANSWER_SECONDS,
    registers,
  });
  const channels = new Set<string>();
  return ({ channel, provider, answer, reason, tookMs }) => {
    if (!channels.has(channel) && channels.size < MOST_CHANNELS) channels.add(channel);
    total.inc({ channel: channels.has(channel) ? channel : 'other', provider, answer, reason });
    seconds.observe({ provider, answer }, tookMs / 1_000);
  };
}

function settlementMetrics(registry: Registry, sinceSeconds: (id: string) => number): FlowMetrics['settlements'] {
  const registers = [registry];
  const decided = new Counter({
    name: 'quittance_settlements_decided_total',
    help: 'Receipts whose transaction was decided, by what became of the money',
    labelNames: ['outcome'],
    registers,
  });
  const settled = new Counter({
    name: 'quittance_settlements_settled_total',
    help: 'Receipts whose transaction is confirmed in every participant',
    registers,
  });
  const toDecision = new Histogram({
    name: 'quittance_settlement_decided_seconds',
    help: 'Time from the first callback of a receipt to its decision',
    buckets: LAG_SECONDS,
    registers,
  });
  const toEnd = new Histogram({
    name: 'quittance_settlement_settled_seconds',
    help: 'Time from the first callback of a receipt to its last confirmation',
    buckets: LAG_SECONDS,
    registers,
  });
  return {
    decided: (outcome, receipt) => {
      decided.inc({ outcome });
      toDecision.observe(sinceSeconds(receipt));
    },
    settled: (receipt) => {
      settled.inc();
      toEnd.observe(sinceSeconds(receipt));
    },
  };
}

function messageMetrics(registry: Registry, sinceSeconds: (id: string) => number): FlowMetrics['messages'] {
  const registers = [registry];
  const total = new Counter({
    name: 'quittance_outbox_consumed_total',
    help: 'Messages of the outbox that were consumed or failed; topic "voucher" is the books',
    labelNames: ['topic', 'outcome'],
    registers,
  });
  const lag = new Histogram({
    name: 'quittance_outbox_lag_seconds',
    help: 'Time from the decision that wrote a message to its being consumed',
    labelNames: ['topic'],
    buckets: LAG_SECONDS,
    registers,
  });
  return ({ id, topic, outcome }) => {
    total.inc({ topic, outcome });
    if (outcome === 'done') lag.observe({ topic }, sinceSeconds(id));
  };
}

function attemptMetrics(registry: Registry, sinceSeconds: (id: string) => number): FlowMetrics['attempts'] {
  const registers = [registry];
  const seconds = new Histogram({
    name: 'quittance_notification_attempt_seconds',
    help: "Time that a merchant's endpoint took, by what came of the attempt",
    labelNames: ['outcome'],
    buckets: ANSWER_SECONDS,
    registers,
  });
  const lag = new Histogram({
    name: 'quittance_notification_delivery_seconds',
    help: 'Time from the decision to the attempt that told the merchant',
    buckets: DELIVERY_SECONDS,
    registers,
  });
  return ({ notification, result, durationMs }) => {
    seconds.observe({ outcome: result }, durationMs / 1_000);
    if (result === 'told') lag.observe(sinceSeconds(notification));
  };
}

function requestMetrics(registry: Registry): FlowMetrics['requests'] {
  const seconds = new Histogram({
    name: 'quittance_http_request_seconds',
    help: 'Time from a request to the end of its answer, by operation of the API',
    labelNames: ['operation', 'method', 'status'],
    buckets: ANSWER_SECONDS,
    registers: [registry],
  });
  return ({ operation, method, status, tookMs }) => {
    seconds.observe({ operation, method, status }, tookMs / 1_000);
  };
}
