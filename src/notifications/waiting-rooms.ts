/**
 * Terminology
 * - room: what waits for one endpoint in this process, and how many of its attempts are in flight.
 * - lane: the attempts in flight to endpoints that answer, or to those whose last attempt failed. Each lane has its own
 *   limit, so that dead endpoints, however many, cannot take the places of those that work.
 *
 * An endpoint that fails gets few places until an attempt succeeds: its backlog becomes late, nobody else's does.
 */
export interface RoomLimits {
  readonly inFlight: number;
  readonly failingInFlight: number;
  readonly perEndpoint: number;
  readonly perFailingEndpoint: number;
  /** How many may wait per endpoint and in all; what finds no room is found again by the sweep. */
  readonly waitingPerEndpoint: number;
  readonly waiting: number;
}

/**
 * One endpoint's places decide how long the lists of its claims and results are, and with them the pace of a busy merchant.
 * Measured with 3,000 notifications to one endpoint, on two cores shared with PostgreSQL and the merchant's server: 16
 * places 670/s, 32 places 1,370/s, 64 places 2,220/s, 128 places 3,160/s. More than 64 would be hard on a small server.
 */
export const ROOM_LIMITS: RoomLimits = {
  inFlight: 256,
  failingInFlight: 128,
  perEndpoint: 64,
  perFailingEndpoint: 4,
  waitingPerEndpoint: 1_000,
  waiting: 50_000,
};

/** A place taken by one attempt; given back with `leave`. */
export interface Place<Item extends string, Endpoint extends string> {
  readonly item: Item;
  readonly endpoint: Endpoint;
  readonly lane: Lane;
}
type Lane = 'working' | 'failing';

export interface WaitingRooms<Item extends string, Endpoint extends string> {
  /** False where it is here already, or there is no room. */
  enter(item: Item, endpoint: Endpoint): boolean;
  /** Takes up to `most` that may go now, one endpoint after the other in turn. */
  take(most: number): readonly Place<Item, Endpoint>[];
  /** @param worked undefined where no attempt was made after all */
  leave(place: Place<Item, Endpoint>, worked: boolean | undefined): void;
  /** Forgets what waits; what is in flight stays. */
  clear(): void;
  inFlight(): number;
}

interface Room<Item> {
  waiting: Item[];
  inFlight: number;
}

/** So many failing endpoints are remembered, oldest out first. */
const MOST_FAILING = 10_000;

export function createWaitingRooms<Item extends string, Endpoint extends string>(
  limits: RoomLimits,
): WaitingRooms<Item, Endpoint> {
  // Only endpoints for which something waits or is in flight have a room, so that taking turns stays short.
  const rooms = new Map<Endpoint, Room<Item>>();
  const present = new Set<Item>();
  const failing = createFailing<Endpoint>();
  const busy: Record<Lane, number> = { working: 0, failing: 0 };

  const mayGo = (endpoint: Endpoint, room: Room<Item>): boolean =>
    room.waiting.length > 0 &&
    (failing.has(endpoint)
      ? room.inFlight < limits.perFailingEndpoint && busy.failing < limits.failingInFlight
      : room.inFlight < limits.perEndpoint && busy.working < limits.inFlight);

  const takeFrom = (endpoint: Endpoint, room: Room<Item>): Place<Item, Endpoint> | undefined => {
    const item = mayGo(endpoint, room) ? room.waiting.shift() : undefined;
    if (item === undefined) return undefined;
    // To the end of the line, so that the next turn begins with somebody else.
    rooms.delete(endpoint);
    rooms.set(endpoint, room);
    const lane = failing.has(endpoint) ? 'failing' : 'working';
    room.inFlight += 1;
    busy[lane] += 1;
    return { item, endpoint, lane };
  };

  const closeIfEmpty = (endpoint: Endpoint, room: Room<Item>): void => {
    if (room.waiting.length === 0 && room.inFlight === 0) rooms.delete(endpoint);
  };

  return {
    enter: (item, endpoint) => {
      const room = rooms.get(endpoint) ?? { waiting: [], inFlight: 0 };
      if (present.has(item) || present.size >= limits.waiting || room.waiting.length >= limits.waitingPerEndpoint) {
        return false;
      }
      rooms.set(endpoint, room);
      room.waiting.push(item);
      present.add(item);
      return true;
    },
    take: (most) => {
      const taken: Place<Item, Endpoint>[] = [];
      let inTurn = [...rooms].filter(([endpoint, room]) => mayGo(endpoint, room));
      while (inTurn.length > 0 && taken.length < most) {
        const places = inTurn.slice(0, most - taken.length).map(([endpoint, room]) => takeFrom(endpoint, room));
        taken.push(...places.filter((place) => place !== undefined));
        inTurn = inTurn.filter(([endpoint, room]) => mayGo(endpoint, room));
      }
      return taken;
    },
    leave: ({ item, endpoint, lane }, worked) => {
      present.delete(item);
      busy[lane] -= 1;
      if (worked !== undefined) failing.set(endpoint, !worked);
      const room = rooms.get(endpoint);
      if (room === undefined) return;
      room.inFlight -= 1;
      closeIfEmpty(endpoint, room);
    },
    clear: () => {
      for (const [endpoint, room] of rooms) {
        for (const item of room.waiting) present.delete(item);
        room.waiting = [];
        closeIfEmpty(endpoint, room);
      }
    },
    inFlight: () => busy.working + busy.failing,
  };
}

/** Which endpoints failed last time; it outlives their rooms. */
function createFailing<Endpoint>(): {
  has(endpoint: Endpoint): boolean;
  set(endpoint: Endpoint, failing: boolean): void;
} {
  const failing = new Set<Endpoint>();
  return {
    has: (endpoint) => failing.has(endpoint),
    set: (endpoint, isFailing) => {
      failing.delete(endpoint);
      if (!isFailing) return;
      failing.add(endpoint);
      const [oldest] = failing;
      if (failing.size > MOST_FAILING && oldest !== undefined) failing.delete(oldest);
    },
  };
}
