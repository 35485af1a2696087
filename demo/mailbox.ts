import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { FinalState, MerchantCounts, MerchantReport } from './merchant-calls';

/** What the merchants have been told: every signature is verified by the official library. */
export interface Mailbox {
  meet(merchant: string, secret: string): void;
  arrived(): void;
  failed(how: string): void;
  /** True where the message is genuine, and is remembered. */
  open(merchant: string, body: string, headers: IncomingHttpHeaders): boolean;
  counts(): MerchantCounts;
  report(): MerchantReport;
}

const message = z.object({
  type: z.enum(['order.paid', 'order.closed', 'order.expired']),
  data: z.object({ id: z.string(), status: z.enum(['paid', 'closed', 'expired']) }),
});

export function createMailbox(): Mailbox {
  const webhooks = new Map<string, Webhook>();
  const seen = new Set<string>();
  const states: Record<string, FinalState> = {};
  const failed: Record<string, number> = {};
  const wrong: string[] = [];
  let attempts = 0;
  let taken = 0;
  let repeats = 0;

  const remember = (merchant: string, id: string, text: unknown): void => {
    taken += 1;
    if (seen.has(id)) {
      repeats += 1;
      return;
    }
    seen.add(id);
    const { type, data } = message.parse(text);
    if (type !== `order.${data.status}`) wrong.push(`${merchant} was told ${type} of an order that is ${data.status}`);
    const before = states[data.id];
    if (before !== undefined)
      wrong.push(`${merchant} was told ${type} of ${data.id}, and before that it was ${before}`);
    states[data.id] = data.status;
  };
  const counts = (): MerchantCounts => ({
    attempts,
    taken,
    failed: { ...failed },
    told: Object.keys(states).length,
  });
  return {
    meet: (merchant, secret) => {
      webhooks.set(merchant, new Webhook(secret));
    },
    arrived: () => {
      attempts += 1;
    },
    failed: (how) => {
      failed[how] = (failed[how] ?? 0) + 1;
    },
    open: (merchant, body, headers) => {
      const webhook = webhooks.get(merchant);
      try {
        if (webhook === undefined) throw new Error('there is no such merchant');
        const id = String(headers['webhook-id']);
        remember(merchant, id, webhook.verify(body, headers as Record<string, string>));
        return true;
      } catch (error) {
        wrong.push(`a notification to "${merchant}" could not be believed: ${String(error)}`);
        return false;
      }
    },
    counts,
    report: () => ({ ...counts(), states, repeats, wrong }),
  };
}
