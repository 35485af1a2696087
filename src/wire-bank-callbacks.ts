import { createReceiveCallback } from './callbacks/receive-callback';
import { createCallbackRoutes } from './callbacks/routes';
import type { ChannelDirectory } from './channels/channel-directory';
import type { Foundation } from './foundation';
import type { Routes } from './http/operation';
import { type Limits, observedCallbacks } from './wire-operations';

/** What banks and gateways call, below /callbacks. */
export function callbackRoutes(
  { config, settlements, clock, ids, logger, metrics }: Foundation,
  directory: ChannelDirectory,
  limits: Limits['callbacks'],
): Routes {
  const receive = createReceiveCallback({
    find: (name) => directory.find(name),
    settlePayment: settlements.settlePayment,
    clock,
    ids,
    logger,
    answerBudgetMs: config.answerBudgetMs,
    limits,
  });
  return createCallbackRoutes(observedCallbacks(receive, metrics, clock));
}
