import fc from 'fast-check';
import { afterAttempt } from '../../../src/consistency/best-effort/attempts';
import {
  SCHEDULES,
  type Schedule,
  delaysOf,
  isSchedule,
  nextDelayMs,
} from '../../../src/consistency/best-effort/schedule';

const none = (): number => 0;
const most = (): number => 0.999999;

describe('schedules', () => {
  it('follow the lists that merchants know', () => {
    expect(SCHEDULES.standard).toEqual([0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]);
    expect(SCHEDULES.alipay).toEqual([0, 240, 600, 600, 3600, 7200, 21600, 54000]);
    expect(SCHEDULES.wechat).toEqual([
      0, 15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600,
    ]);
  });

  it('add up to a fifth to a delay, nothing to the first one, and then stop', () => {
    expect(nextDelayMs('standard', 0, most)).toBe(0);
    expect(nextDelayMs('standard', 1, none)).toBe(5_000);
    expect(nextDelayMs('standard', 1, most)).toBe(6_000);
    expect(nextDelayMs('standard', 9, none)).toBe(86_400_000);
    expect(nextDelayMs('standard', 10, none)).toBeUndefined();
    expect(nextDelayMs([7], 1, none)).toBeUndefined();
  });

  it('keep every delay between what is written and a fifth more', () => {
    const own = fc.array(fc.integer({ min: 0, max: 604_800 }), { minLength: 1, maxLength: 30 });
    const schedule = fc.oneof(fc.constantFrom<Schedule>('standard', 'alipay', 'wechat'), own);
    fc.assert(
      fc.property(schedule, fc.nat(40), fc.double({ min: 0, max: 0.999, noNaN: true }), (one, made, random) => {
        const written = delaysOf(one)[made];
        const delay = nextDelayMs(one, made, () => random);
        if (written === undefined) return delay === undefined;
        return delay !== undefined && delay >= written * 1000 && delay <= written * 1200 + 1;
      }),
    );
  });

  it.each([
    ['standard', true],
    ['constructor', false],
    ['', false],
    [[0], true],
    [[0, 604_800], true],
    [[604_801], false],
    [[], false],
    [Array.from({ length: 31 }, () => 1), false],
    [[-1], false],
    [[1.5], false],
    [['1'], false],
    [null, false],
  ])('%j is a schedule: %s', (value, expected) => {
    expect(isSchedule(value)).toBe(expected);
  });
});

describe('after an attempt', () => {
  const failed = (retryAfterMs?: number) => ({ kind: 'failed', retryAfterMs }) as const;

  it('that told, nothing follows', () => {
    expect(afterAttempt({ kind: 'told' }, 'standard', 1, none)).toEqual({ kind: 'finished' });
  });

  it('that failed, the schedule goes on, and the wish to wait stands beside it', () => {
    expect(afterAttempt(failed(), 'standard', 1, none)).toEqual({
      kind: 'again',
      sinceAttemptMs: 5_000,
      sinceAnswerMs: 0,
    });
    expect(afterAttempt(failed(60_000), 'standard', 1, none)).toEqual({
      kind: 'again',
      sinceAttemptMs: 5_000,
      sinceAnswerMs: 60_000,
    });
  });

  it('a wish to wait is cut at a day and adds no attempt', () => {
    expect(afterAttempt(failed(10 ** 12), 'standard', 1, none)).toMatchObject({ sinceAnswerMs: 86_400_000 });
    expect(afterAttempt(failed(1_000), 'standard', 10, none)).toEqual({ kind: 'over' });
  });

  it('that found the endpoint gone, it stops', () => {
    expect(afterAttempt({ kind: 'gone' }, 'standard', 1, none)).toEqual({ kind: 'stopped' });
  });
});
