import type { AttemptResult } from '../consistency/best-effort/attempts';
import { clip } from '../core/clip';
import type { SuccessRule } from './endpoints-store';
import type { HttpAnswer } from './http-client';
import { retryAfterMs } from './retry-after';

/** What is kept of one attempt. */
export interface Judged {
  readonly result: AttemptResult;
  readonly httpStatus: number | null;
  /** A sentence for the merchant on why it failed; null where it did not. */
  readonly error: string | null;
  readonly excerpt: string | null;
}

const EXCERPT_CHARACTERS = 500;

/**
 * Decides whether the merchant has been told. 2xx is success, for an endpoint set up so only with the body `success`;
 * 410 means that the endpoint is gone for good; everything else, redirects too, is a failure (Standard Webhooks).
 */
export function judgeAnswer(answer: HttpAnswer, rule: SuccessRule, now: Date): Judged {
  if (answer.kind === 'unreachable') {
    const result = { kind: 'failed', retryAfterMs: undefined } as const;
    return { result, httpStatus: null, error: answer.why, excerpt: null };
  }
  const { status } = answer;
  const excerpt = clip(printable(answer.body), EXCERPT_CHARACTERS);
  if (status === 410) {
    return { result: { kind: 'gone' }, httpStatus: status, error: 'answered 410: the endpoint is gone', excerpt };
  }
  const error = reasonOfFailure(answer, rule);
  if (error === undefined) return { result: { kind: 'told' }, httpStatus: status, error: null, excerpt };
  const result = { kind: 'failed', retryAfterMs: retryAfterMs(answer.retryAfter, now) } as const;
  return { result, httpStatus: status, error, excerpt };
}

function reasonOfFailure(answer: HttpAnswer & { kind: 'answered' }, rule: SuccessRule): string | undefined {
  if (answer.status >= 300 && answer.status < 400) return `answered ${answer.status}: redirects are not followed`;
  if (answer.status < 200 || answer.status >= 400) return `answered ${answer.status}`;
  if (rule === 'status_2xx' || (answer.body === 'success' && !answer.cut)) return undefined;
  return `answered ${answer.status}, but not with the body "success"`;
}

/** PostgreSQL's text cannot hold NUL, and a terminal that shows an excerpt should not obey it. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, ' ');
}
