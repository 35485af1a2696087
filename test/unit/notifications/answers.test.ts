import { judgeAnswer } from '../../../src/notifications/judge-answer';
import { retryAfterMs } from '../../../src/notifications/retry-after';
import { isSecret, generateSecret } from '../../../src/notifications/endpoint-secret';
import { systemRandom } from '../../../src/core/random';

const now = new Date('2026-11-21T10:00:00Z');
const answered = (status: number, body = '', retryAfter?: string, cut = false) =>
  ({ kind: 'answered', status, body, retryAfter, cut }) as const;

describe('an answer', () => {
  it.each([200, 201, 202, 204, 299])('%d tells that the merchant knows', (status) => {
    expect(judgeAnswer(answered(status), 'status_2xx', now)).toMatchObject({ result: { kind: 'told' }, error: null });
  });

  it.each([199, 301, 302, 304, 307, 400, 401, 404, 429, 500, 503])('%d is a failure', (status) => {
    const judged = judgeAnswer(answered(status), 'status_2xx', now);
    expect(judged).toMatchObject({ result: { kind: 'failed' }, httpStatus: status });
    expect(judged.error).toContain(String(status));
  });

  it('410 says that the endpoint is gone', () => {
    expect(judgeAnswer(answered(410), 'status_2xx', now)).toMatchObject({ result: { kind: 'gone' } });
  });

  it.each([
    ['success', false, 'told'],
    ['success\n', false, 'failed'],
    ['SUCCESS', false, 'failed'],
    ['fail', false, 'failed'],
    ['', false, 'failed'],
    ['success', true, 'failed'],
  ])('of an endpoint that says "success": %j (cut: %s) is %s', (body, cut, kind) => {
    expect(judgeAnswer(answered(200, body, undefined, cut), 'body_success', now).result.kind).toBe(kind);
  });

  it('"success" with an error status is a failure', () => {
    expect(judgeAnswer(answered(500, 'success'), 'body_success', now).result.kind).toBe('failed');
  });

  it('no answer is a failure that says why', () => {
    const judged = judgeAnswer({ kind: 'unreachable', why: 'the connection was refused' }, 'status_2xx', now);
    expect(judged).toEqual({
      result: { kind: 'failed', retryAfterMs: undefined },
      httpStatus: null,
      error: 'the connection was refused',
      excerpt: null,
    });
  });

  it('leaves an excerpt that a database can keep and a terminal can show', () => {
    const { excerpt } = judgeAnswer(answered(200, `a\u0000b\u001b[31m\nc${'x'.repeat(1000)}`), 'status_2xx', now);
    expect(excerpt).toHaveLength(500);
    expect(excerpt?.startsWith('a b [31m\nc')).toBe(true);
  });

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Sat, 21 Nov 2026 10:01:00 GMT', 60_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026-11-21T10:01:00Z', undefined],
    ['Sat, 21 Foo 2026 10:01:00 GMT', undefined],
    [undefined, undefined],
  ])('Retry-After %j is %s ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});

describe('a secret', () => {
  it('is generated in the form that the specification wants', () => {
    expect(isSecret(generateSecret(systemRandom))).toBe(true);
  });

  it.each([
    [`whsec_${Buffer.alloc(24).toString('base64')}`, true],
    [`whsec_${Buffer.alloc(64).toString('base64')}`, true],
    [`whsec_${Buffer.alloc(23).toString('base64')}`, false],
    [`whsec_${Buffer.alloc(65).toString('base64')}`, false],
    [Buffer.alloc(24).toString('base64'), false],
    ['whsec_not base64 at all but long enough for it', false],
    ['whsec_', false],
  ])('%s: %s', (text, expected) => {
    expect(isSecret(text)).toBe(expected);
  });
});
