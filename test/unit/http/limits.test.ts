import { createCallbackLimits } from '../../../src/http/limits/callback-limits';
import { networkOf } from '../../../src/http/limits/client-address';
import { createLimiter } from '../../../src/http/limits/limiter';
import { createRecentlySeen } from '../../../src/http/limits/recently-seen';
import { readTrustProxy } from '../../../src/config-operations';

const time = { ms: 0 };
const clock = { now: () => new Date(time.ms), elapsed: () => time.ms };
beforeEach(() => (time.ms = 0));

describe('a limiter', () => {
  it('counts by key, and says how a key stands', async () => {
    const limiter = createLimiter({ points: 2, windowSeconds: 60 });
    expect(await limiter.look('a')).toBeUndefined();
    expect(await limiter.take('a')).toMatchObject({ used: 1, remaining: 1, exceeded: false, resetSeconds: 60 });
    await limiter.take('a');
    expect(await limiter.take('a')).toMatchObject({ used: 3, remaining: 0, exceeded: true });
    expect(await limiter.take('b')).toMatchObject({ used: 1, exceeded: false });
    expect(await limiter.look('a')).toMatchObject({ used: 3, exceeded: true });
  });

  it('remembers a bounded number of keys, the last ones', async () => {
    const limiter = createLimiter({ points: 1, windowSeconds: 60, mostKeys: 100 });
    for (let key = 0; key < 1_000; key += 1) await limiter.take(`key ${key}`);
    expect(await limiter.look('key 899')).toBeUndefined();
    expect(await limiter.look('key 900')).toMatchObject({ used: 1 });
    expect(await limiter.take('key 0')).toMatchObject({ used: 1 });
  });
});

it('what was seen is forgotten after its time, or where there is too much of it', () => {
  const seen = createRecentlySeen(clock, { most: 2, forMs: 1_000 });
  for (const key of ['a', 'b']) seen.see(key);
  time.ms = 500;
  seen.see('a');
  seen.see('c');
  expect(['a', 'b', 'c'].map(seen.has)).toEqual([true, false, true]);
  time.ms = 1_499;
  expect(seen.has('a')).toBe(true);
  time.ms = 1_501;
  expect(seen.has('a')).toBe(false);
});

describe('callbacks', () => {
  const limited: string[] = [];
  const create = () =>
    createCallbackLimits({ clock, perSecond: 5, refusedPerMinute: 10, onLimited: (limit) => limited.push(limit) });
  beforeEach(() => (limited.length = 0));

  it('of a forger are not even verified past the limit, and those of the bank are', async () => {
    const limits = create();
    for (let one = 0; one < 10; one += 1) {
      expect(await limits.mayVerify('card', 'forger')).toBeUndefined();
      await limits.refused('card', 'forger');
    }
    expect(await limits.mayVerify('card', 'forger')).toBeGreaterThan(0);
    expect(limited).toEqual(['refused_callbacks']);
    expect(await limits.mayVerify('card', 'bank')).toBeUndefined();
    expect(await limits.mayVerify('wallet', 'forger')).toBeUndefined();
    expect(await limits.verified('card', 'bank')).toBeUndefined();
  });

  it('of a bank behind the same address as a forger are verified a hundred times longer', async () => {
    const limits = create();
    await limits.verified('card', 'shared proxy');
    for (let one = 0; one < 999; one += 1) await limits.refused('card', 'shared proxy');
    expect(await limits.mayVerify('card', 'shared proxy')).toBeUndefined();
    await limits.refused('card', 'shared proxy');
    expect(await limits.mayVerify('card', 'shared proxy')).toBeGreaterThan(0);
  });

  it('are counted by channel once they are verified: forgeries use up nothing', async () => {
    const limits = create();
    for (let one = 0; one < 100; one += 1) await limits.refused('card', 'forger');
    for (let one = 0; one < 5; one += 1) expect(await limits.verified('card', 'bank')).toBeUndefined();
    expect(await limits.verified('card', 'bank')).toBe(1);
    expect(await limits.verified('wallet', 'bank')).toBeUndefined();
  });

  it('are not limited where the limit is 0', async () => {
    const limits = createCallbackLimits({ clock, perSecond: 0, refusedPerMinute: 0, onLimited: () => undefined });
    for (let one = 0; one < 50; one += 1) await limits.refused('card', 'x');
    expect([await limits.mayVerify('card', 'x'), await limits.verified('card', 'x')]).toEqual([undefined, undefined]);
  });
});

it('an IPv6 address counts as its /64, and an IPv4 address however it is written', () => {
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7');
  expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:DB8:1:2::9')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
});

it.each([
  ['1', 1],
  ['10', 10],
  ['loopback', ['loopback']],
  ['10.0.0.0/8, 2001:db8::/32', ['10.0.0.0/8', '2001:db8::/32']],
  ['true', undefined],
  ['0', undefined],
  ['10.0.0.0/33', undefined],
  ['proxy.example', undefined],
  ['', undefined],
])('TRUST_PROXY=%s', (text, expected) => {
  expect(readTrustProxy(text)).toEqual(expected);
});
