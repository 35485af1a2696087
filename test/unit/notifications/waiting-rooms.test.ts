import { BREAKER_LIMITS, createCircuitBreakers } from '../../../src/notifications/circuit-breakers';
import { ROOM_LIMITS, type RoomLimits, createWaitingRooms } from '../../../src/notifications/waiting-rooms';

let now = 0;
const clock = { elapsed: () => now };
const rooms = (limits: Partial<RoomLimits> = {}, failures = 1_000) =>
  createWaitingRooms<string, string>(
    { ...ROOM_LIMITS, ...limits },
    createCircuitBreakers(clock, { ...BREAKER_LIMITS, failures }),
    clock,
  );
const fill = (into: ReturnType<typeof rooms>, endpoint: string, many: number): void => {
  for (let number = 0; number < many; number += 1) into.enter(`${endpoint}-${number}`, endpoint);
};
const count = (places: readonly { endpoint: string }[], endpoint: string): number =>
  places.filter((place) => place.endpoint === endpoint).length;

describe('waiting rooms', () => {
  it('let the endpoints go in turn, each up to its own limit', () => {
    const waiting = rooms({ perEndpoint: 3 });
    fill(waiting, 'busy', 100);
    fill(waiting, 'quiet', 1);
    const places = waiting.take(200);
    expect(count(places, 'busy')).toBe(3);
    expect(count(places, 'quiet')).toBe(1);
    expect(waiting.take(200)).toEqual([]);
  });

  it('give a failing endpoint few places, and all of them together no more than their lane', () => {
    const waiting = rooms({ perSuspect: 2, suspectsInFlight: 3, perEndpoint: 10, firstPlaces: 10 });
    for (const endpoint of ['dead-1', 'dead-2', 'dead-3']) {
      waiting.enter(`${endpoint}-first`, endpoint);
      const [place] = waiting.take(1);
      waiting.leave(place!, false);
      fill(waiting, endpoint, 50);
    }
    fill(waiting, 'alive', 10);
    const places = waiting.take(200);
    expect(places.filter((place) => place.lane === 'suspects')).toHaveLength(3);
    expect(count(places, 'dead-1')).toBeLessThanOrEqual(2);
    expect(count(places, 'alive')).toBe(10);
  });

  it('begin the next turn with whoever did not go last', () => {
    const waiting = rooms({ inFlight: 1 });
    fill(waiting, 'a', 2);
    fill(waiting, 'b', 2);
    const order: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const [place] = waiting.take(200);
      order.push(place!.endpoint);
      waiting.leave(place!, true);
    }
    expect(order).toEqual(['a', 'b', 'a', 'b']);
  });

  it('trust an endpoint again after one success', () => {
    const waiting = rooms({ perEndpoint: 5, perSuspect: 1 });
    fill(waiting, 'e', 20);
    const first = waiting.take(200);
    expect(first).toHaveLength(5);
    for (const place of first) waiting.leave(place, false);
    const [only, ...more] = waiting.take(200);
    expect(more).toEqual([]);
    waiting.leave(only!, true);
    expect(waiting.take(200)).toHaveLength(5);
  });

  it('hold each item once, however often it comes', () => {
    const waiting = rooms();
    expect(waiting.enter('n', 'e')).toBe('entered');
    expect(waiting.enter('n', 'e')).toBe('present');
    const [place] = waiting.take(10);
    expect(waiting.enter('n', 'e')).toBe('present');
    waiting.leave(place!, undefined);
    expect(waiting.enter('n', 'e')).toBe('entered');
  });

  it('give a place at once where the endpoint works, has one, and nothing waits for it', () => {
    const waiting = rooms({ perEndpoint: 2, waitingPerEndpoint: 1 });
    const first = waiting.takeAtOnce('n1', 'e');
    expect(first).toMatchObject({ item: 'n1', endpoint: 'e', lane: 'working' });
    expect(waiting.takeAtOnce('n1', 'e')).toBeUndefined();
    expect(waiting.enter('n1', 'e')).toBe('present');
    expect(waiting.takeAtOnce('n2', 'e')).toBeDefined();
    expect(waiting.takeAtOnce('n3', 'e')).toBeUndefined();
    expect(waiting.inFlight()).toBe(2);
    waiting.enter('waits', 'e');
    waiting.leave(first!, true);
    expect(waiting.takeAtOnce('n3', 'e')).toBeUndefined();
    expect(waiting.take(10)).toMatchObject([{ item: 'waits' }]);
  });

  it('give none at once to an endpoint that fails or is slow', () => {
    const waiting = rooms({ slowAfterMs: 100 });
    waiting.leave(waiting.takeAtOnce('n1', 'failing')!, false);
    expect(waiting.takeAtOnce('n2', 'failing')).toBeUndefined();
    expect(waiting.takeAtOnce('n3', 'slow')).toBeDefined();
    now += 100;
    expect(waiting.takeAtOnce('n4', 'slow')).toBeUndefined();
  });

  it('keep half of the places for those that wait for other endpoints', () => {
    const waiting = rooms({ inFlight: 4 });
    for (const endpoint of ['a', 'b']) expect(waiting.takeAtOnce(`to-${endpoint}`, endpoint)).toBeDefined();
    expect(waiting.takeAtOnce('n5', 'c')).toBeUndefined();
    fill(waiting, 'd', 4);
    expect(waiting.take(10)).toHaveLength(2);
  });

  it('are bounded per endpoint and in all', () => {
    const waiting = rooms({ waitingPerEndpoint: 2, waiting: 3 });
    expect([waiting.enter('a1', 'a'), waiting.enter('a2', 'a'), waiting.enter('a3', 'a')]).toEqual([
      'entered',
      'entered',
      'full',
    ]);
    expect([waiting.enter('b1', 'b'), waiting.enter('b2', 'b')]).toEqual(['entered', 'full']);
    waiting.clear();
    expect(waiting.take(10)).toEqual([]);
    expect(waiting.enter('a1', 'a')).toBe('entered');
  });

  it('begin with few places and give one more with each success', () => {
    const waiting = rooms({ firstPlaces: 2, perEndpoint: 5 });
    fill(waiting, 'e', 50);
    const sizes: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const places = waiting.take(200);
      sizes.push(places.length);
      for (const place of places) waiting.leave(place, true);
    }
    expect(sizes).toEqual([2, 4, 5, 5]);
  });

  it('keep the places that were earned while nothing waits, until an attempt fails', () => {
    const waiting = rooms({ firstPlaces: 2, perEndpoint: 5, perSuspect: 1 });
    const takeAll = (worked: boolean): readonly number[] => {
      fill(waiting, 'e', 5);
      const sizes: number[] = [];
      for (let places = waiting.take(200); places.length > 0; places = waiting.take(200)) {
        sizes.push(places.length);
        for (const place of places) waiting.leave(place, worked);
      }
      return sizes;
    };
    expect(takeAll(true)).toEqual([2, 3]);
    expect(takeAll(true)).toEqual([5]);
    takeAll(false);
    expect(takeAll(true)).toEqual([1, 3, 1]);
  });

  it('give the places of attempts that hang back to the others after a while, and few more to those that hang', () => {
    const waiting = rooms({ inFlight: 4, firstPlaces: 4, perSuspect: 2, slowAfterMs: 500, slowInFlight: 6 });
    fill(waiting, 'hangs', 10);
    expect(waiting.take(200)).toHaveLength(4);
    fill(waiting, 'works', 10);
    expect(waiting.take(200)).toEqual([]);
    now += 501;
    const places = waiting.take(200);
    expect(places.map((place) => place.endpoint)).toEqual(['works', 'works', 'works', 'works']);
    expect(waiting.inFlight()).toBe(8);
    now += 501;
    fill(waiting, 'third', 10);
    // With the lane of slow ones full, no more connections are opened than these.
    expect(waiting.take(200)).toHaveLength(2);
    expect(waiting.inFlight()).toBe(10);
  });

  it('hold an endpoint whose circuit is open but for a probe now and then, and give back what they cannot keep', async () => {
    const waiting = rooms({ waitingPerHeld: 3, perEndpoint: 2 }, 2);
    fill(waiting, 'dead', 20);
    const first = waiting.take(200);
    expect(first).toHaveLength(2);
    for (const place of first) waiting.leave(place, false);
    await settled();
    expect(waiting.take(200)).toEqual([]);
    expect(waiting.takeSurplus()).toHaveLength(15);
    expect(waiting.enter('late', 'dead')).toBe('full');
    expect(waiting.appetite('dead')).toBe(0);
    now += BREAKER_LIMITS.openMs;
    await wallClock(BREAKER_LIMITS.openMs);
    const [probe, ...more] = waiting.take(200);
    expect(more).toEqual([]);
    expect(waiting.take(200)).toEqual([]);
    waiting.leave(probe!, false);
    await settled();
    now += BREAKER_LIMITS.openMs;
    await wallClock(BREAKER_LIMITS.openMs);
    expect(waiting.take(200)).toEqual([]);
    now += BREAKER_LIMITS.openMs;
    await wallClock(BREAKER_LIMITS.openMs);
    const [second] = waiting.take(200);
    waiting.leave(second!, true);
    await settled();
    expect(waiting.take(200)).toHaveLength(1);
    expect(waiting.appetite('dead')).toBe(ROOM_LIMITS.waitingPerEndpoint);
  });

  it('let another be the probe where the first was no attempt after all', async () => {
    const waiting = rooms({ perEndpoint: 1 }, 1);
    fill(waiting, 'dead', 5);
    waiting.leave(waiting.take(1)[0]!, false);
    await settled();
    now += BREAKER_LIMITS.openMs;
    await wallClock(BREAKER_LIMITS.openMs);
    waiting.leave(waiting.take(1)[0]!, undefined);
    await settled();
    now += 200;
    const [probe] = waiting.take(1);
    expect(probe?.probe).toBeDefined();
  });
});

/** The library tells the breaker of a result in a few microtasks. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The library reads the time of day by itself. */
async function wallClock(forward: number): Promise<void> {
  offset += forward;
  await settled();
}
let offset = 0;
const realNow = Date.now.bind(Date);
beforeAll(() => {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + offset);
});
afterAll(() => {
  jest.restoreAllMocks();
});
