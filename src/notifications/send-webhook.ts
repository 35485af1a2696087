import type { Logger } from 'pino';
import type { Clock } from '../core/clock';
import { type NotificationId, showId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { Sealer } from '../core/sealing';
import type { Endpoint } from './endpoints-store';
import type { HttpClient } from './http-client';
import { type Judged, judgeAnswer } from './judge-answer';
import { type WebhookSigner, createWebhookSigner } from './sign-webhook';

export interface Webhooks {
  /** Signs and sends one attempt and says what came of it. Never throws. */
  send(id: NotificationId, payload: string, endpoint: Endpoint, traceparent: Traceparent): Promise<Sent>;
}

/** What came of one attempt. */
export interface Sent extends Judged {
  readonly durationMs: number;
  /** False where it failed with us, before anything went out. */
  readonly wasSent: boolean;
}

export interface WebhookTools {
  readonly http: HttpClient;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
}

/** So many endpoints' opened secrets are kept at hand. */
const MOST_SIGNERS = 5_000;

/**
 * Standard Webhooks: the id is the same in every attempt, so that the receiver can tell a repeat; the time is that of the
 * attempt, because the receiver refuses old ones; and while a secret is being rotated both signatures are sent.
 */
export function createWebhooks(tools: WebhookTools): Webhooks {
  const signersOf = createSigners(tools.sealer);
  const signed = (
    id: NotificationId,
    payload: string,
    endpoint: Endpoint,
    traceparent: Traceparent,
  ): Record<string, string> | undefined => {
    try {
      return headersFor(id, payload, signersOf(endpoint), tools.clock.now(), traceparent);
    } catch (error) {
      const facts = { event: 'endpoint.secret_unreadable', err: error, endpoint: showId('endpoint', endpoint.id) };
      tools.logger.error(facts, 'the secret of an endpoint cannot be opened');
      return undefined;
    }
  };
  return {
    send: async (id, payload, endpoint, traceparent) => {
      const startedAt = tools.clock.elapsed();
      const headers = signed(id, payload, endpoint, traceparent);
      const answer =
        headers === undefined
          ? ({ kind: 'unreachable', why: 'not sent: the secret could not be opened' } as const)
          : await tools.http.post(endpoint.url, headers, payload);
      const { result, httpStatus, error, excerpt } = judgeAnswer(answer, endpoint.successRule, tools.clock.now());
      const durationMs = Math.round(tools.clock.elapsed() - startedAt);
      return { result, httpStatus, error, excerpt, durationMs, wasSent: headers !== undefined };
    },
  };
}

function headersFor(
  id: NotificationId,
  payload: string,
  signers: readonly WebhookSigner[],
  now: Date,
  traceparent: Traceparent,
): Record<string, string> {
  const shown = showId('notification', id);
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signatures: string[] = [];
  for (const sign of signers) signatures.push(sign(shown, timestamp, payload));
  return {
    'content-type': 'application/json',
    'user-agent': 'Quittance',
    'webhook-id': shown,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
    traceparent,
  };
}

/** Opening a secret costs more than a signature, so the opened ones are kept, by their sealed text, oldest out first. */
function createSigners(sealer: Sealer): (endpoint: Endpoint) => readonly WebhookSigner[] {
  const opened = new Map<string, WebhookSigner>();
  const signer = (sealed: string, endpoint: Endpoint): WebhookSigner => {
    const known = opened.get(sealed);
    if (known !== undefined) return known;
    const made = createWebhookSigner(sealer.open(sealed, endpoint.id));
    const [oldest] = opened.keys();
    if (opened.size >= MOST_SIGNERS && oldest !== undefined) opened.delete(oldest);
    opened.set(sealed, made);
    return made;
  };
  return (endpoint) => {
    const { sealedSecret, sealedPreviousSecret } = endpoint;
    const present = signer(sealedSecret, endpoint);
    return sealedPreviousSecret === null ? [present] : [present, signer(sealedPreviousSecret, endpoint)];
  };
}
