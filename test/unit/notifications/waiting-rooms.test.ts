import { ROOM_LIMITS, type RoomLimits, createWaitingRooms } from '../../../src/notifications/waiting-rooms';

const rooms = (limits: Partial<RoomLimits> = {}) => createWaitingRooms<string, string>({ ...ROOM_LIMITS, ...limits });
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
    const waiting = rooms({ perFailingEndpoint: 2, failingInFlight: 3, perEndpoint: 10 });
    for (const endpoint of ['dead-1', 'dead-2', 'dead-3']) {
      waiting.enter(`${endpoint}-first`, endpoint);
      const [place] = waiting.take(1);
      waiting.leave(place!, false);
      fill(waiting, endpoint, 50);
    }
    fill(waiting, 'alive', 10);
    const places = waiting.take(200);
    expect(places.filter((place) => place.lane === 'failing')).toHaveLength(3);
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
    const waiting = rooms({ perEndpoint: 5, perFailingEndpoint: 1 });
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
    expect(waiting.enter('n', 'e')).toBe(true);
    expect(waiting.enter('n', 'e')).toBe(false);
    const [place] = waiting.take(10);
    expect(waiting.enter('n', 'e')).toBe(false);
    waiting.leave(place!, undefined);
    expect(waiting.enter('n', 'e')).toBe(true);
  });

  it('are bounded per endpoint and in all', () => {
    const waiting = rooms({ waitingPerEndpoint: 2, waiting: 3 });
    expect([waiting.enter('a1', 'a'), waiting.enter('a2', 'a'), waiting.enter('a3', 'a')]).toEqual([true, true, false]);
    expect([waiting.enter('b1', 'b'), waiting.enter('b2', 'b')]).toEqual([true, false]);
    waiting.clear();
    expect(waiting.take(10)).toEqual([]);
    expect(waiting.enter('a1', 'a')).toBe(true);
  });
});
