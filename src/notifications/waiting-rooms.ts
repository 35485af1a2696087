import type { Clock } from '../core/clock';
import { assertNever } from '../core/errors';
import type { Admission, CircuitBreakers, Probe } from './circuit-breakers';
import { type Lane, type LaneLimits, type Lanes, createLanes } from './lanes';
import { type OpenRooms, type Room, createOpenRooms } from './open-rooms';
import { type Turns, createTurns } from './turns';

/**
 * Terminology
 * - held: a room whose endpoint's circuit is open. It keeps a few for the next probes and gives the rest back.
 * - suspect: an endpoint whose last attempt failed, or one of whose attempts has been without an answer for a while.
 *
 * Every endpoint begins with few places and gets one more with each success. A suspect gets few, in a lane of their own,
 * so that dead endpoints, however many, cannot take the places of those that work.
 */
export interface RoomLimits extends LaneLimits {
  readonly perEndpoint: number;
  /** With how many places an endpoint begins of which nothing is known. */
  readonly firstPlaces: number;
  readonly perSuspect: number;
  /** How many may wait per endpoint, per held one, and in all; what finds no room waits in the database. */
  readonly waitingPerEndpoint: number;
  readonly waitingPerHeld: number;
  readonly waiting: number;
}

/**
 * One endpoint's places decide how long the lists of its claims and results are, and with them the pace of a busy merchant.
 * Measured with 3,000 notifications to one endpoint, on two cores shared with PostgreSQL and the merchant's server: 16
 * places 670/s, 32 places 1,370/s, 64 places 2,220/s, 128 places 3,160/s. More than 64 would be hard on a small server.
 */
export const ROOM_LIMITS: RoomLimits = {
  inFlight: 256,
  suspectsInFlight: 128,
  slowInFlight: 512,
  slowAfterMs: 500,
  perEndpoint: 64,
  firstPlaces: 8,
  perSuspect: 4,
  waitingPerEndpoint: 1_000,
  waitingPerHeld: 4,
  waiting: 50_000,
};

/** A place taken by one attempt; given back with `leave`. */
export interface Place<Item extends string, Endpoint extends string> {
  readonly item: Item;
  readonly endpoint: Endpoint;
  /** Which lane it took; `slow` once it has gone without an answer for a while. */
  lane: Lane;
  readonly startedAt: number;
  readonly probe: Probe | undefined;
}

export interface WaitingRooms<Item extends string, Endpoint extends string> {
  /** `full` where there is no room: it must wait in the database. */
  enter(item: Item, endpoint: Endpoint): 'entered' | 'present' | 'full';
  /**
   * A place for an item that does not wait, where its endpoint works, has one, and nothing waits for it; never one of the last
   * half of the lane's places, which are for those that wait for other endpoints.
   */
  takeAtOnce(item: Item, endpoint: Endpoint): Place<Item, Endpoint> | undefined;
  /** Takes up to `most` that may go now, one endpoint after the other in turn. */
  take(most: number): readonly Place<Item, Endpoint>[];
  /** @param worked undefined where no attempt was made after all */
  leave(place: Place<Item, Endpoint>, worked: boolean | undefined): void;
  /** What waited for endpoints whose circuit has opened since, beyond what they may keep; it is here no longer. */
  takeSurplus(): readonly { readonly id: Item; readonly endpointId: Endpoint }[];
  /** How many more an endpoint can do with now: 0 unless its turn would come at once. */
  appetite(endpoint: Endpoint): number;
  /** Forgets what waits; what is in flight stays. */
  clear(): void;
  inFlight(): number;
}

export function createWaitingRooms<Item extends string, Endpoint extends string>(
  limits: RoomLimits,
  breakers: CircuitBreakers<Endpoint>,
  clock: Pick<Clock, 'elapsed'>,
): WaitingRooms<Item, Endpoint> {
  const rooms = createOpenRooms<Item, Endpoint>(limits.firstPlaces, (endpoint) => {
    turns.drop(endpoint);
  });
  const present = new Set<Item>();
  const surplus: { id: Item; endpointId: Endpoint }[] = [];
  const turns = createTurns<Endpoint>((endpoint) => breakers.admits(endpoint) !== 'none', clock);
  const lanes = createLanes<Place<Item, Endpoint>>(limits, clock, ({ endpoint }) => {
    rooms.of(endpoint).slow += 1;
  });
  const take = createTaker<Item, Endpoint>(
    { limits, breakers, lanes, turns, clock, rooms },
    (endpoint, { waiting }) => {
      turns.hold(endpoint);
      for (const item of waiting.splice(limits.waitingPerHeld)) {
        present.delete(item);
        surplus.push({ id: item, endpointId: endpoint });
      }
    },
  );

  return {
    enter: (item, endpoint) => {
      if (present.has(item)) return 'present';
      const room = rooms.of(endpoint);
      const most = breakers.admits(endpoint) === 'free' ? limits.waitingPerEndpoint : limits.waitingPerHeld;
      if (present.size >= limits.waiting || room.waiting.length >= most) return 'full';
      rooms.open(endpoint, room);
      if (room.waiting.push(item) === 1) turns.join(endpoint);
      present.add(item);
      return 'entered';
    },
    takeAtOnce: (item, endpoint) => {
      lanes.age();
      if (present.has(item) || breakers.isFailing(endpoint) || !lanes.isHalfFree('working')) return undefined;
      const room = rooms.of(endpoint);
      if (!hasPlaceAtOnce(room, limits)) return undefined;
      rooms.open(endpoint, room);
      present.add(item);
      return enterRoom(room, lanes, { item, endpoint, lane: 'working', startedAt: clock.elapsed(), probe: undefined });
    },
    take: (most) => {
      lanes.age();
      return take(most);
    },
    leave: (place, worked) => {
      const { item, endpoint } = place;
      present.delete(item);
      if (place.probe !== undefined) place.probe.end(worked);
      else if (worked !== undefined && (!worked || breakers.isFailing(endpoint))) breakers.record(endpoint, worked);
      lanes.leave(place);
      const room = rooms.of(endpoint);
      leaveRoom(room, place, worked, limits);
      if (worked === true) turns.letIn(endpoint);
      rooms.closeIfEmpty(endpoint, room);
    },
    takeSurplus: () => surplus.splice(0),
    appetite: (endpoint) => appetiteOf(rooms.of(endpoint).waiting.length, breakers.admits(endpoint), limits),
    clear: () => {
      surplus.splice(0);
      for (const [endpoint, room] of rooms.all()) {
        for (const item of room.waiting.splice(0)) present.delete(item);
        turns.drop(endpoint);
        rooms.closeIfEmpty(endpoint, room);
      }
    },
    inFlight: () => lanes.inFlight(),
  };
}

function enterRoom<Item extends string, Endpoint extends string>(
  room: Room<Item>,
  lanes: Lanes<Place<Item, Endpoint>>,
  place: Place<Item, Endpoint>,
): Place<Item, Endpoint> {
  room.inFlight += 1;
  lanes.enter(place);
  return place;
}

/** @param worked undefined where no attempt was made after all */
function leaveRoom(
  room: Room<string>,
  { lane }: { readonly lane: Lane },
  worked: boolean | undefined,
  limits: RoomLimits,
): void {
  room.inFlight -= 1;
  if (lane === 'slow') room.slow -= 1;
  if (worked === false) room.places = limits.firstPlaces;
  if (worked === true) room.places = Math.min(room.places + 1, limits.perEndpoint);
}

/** Whether somebody who does not wait may go: nothing waits there, and nothing is slow. */
function hasPlaceAtOnce({ waiting, slow, inFlight, places }: Room<string>, limits: RoomLimits): boolean {
  return waiting.length === 0 && slow === 0 && inFlight < Math.min(places, limits.perEndpoint);
}

function appetiteOf(waiting: number, admission: Admission, limits: RoomLimits): number {
  switch (admission) {
    case 'none':
      return 0;
    case 'probe':
      return waiting === 0 ? limits.waitingPerHeld : 0;
    case 'free':
      return waiting < limits.perEndpoint ? limits.waitingPerEndpoint - waiting : 0;
    default:
      return assertNever(admission);
  }
}

/**
 * Takes what may go now, in turn.
 * @param hold told of rooms whose endpoint's circuit is open: they keep a few, and the others go back to where they wait
 * without taking memory and turns
 */
function createTaker<Item extends string, Endpoint extends string>(
  tools: {
    limits: RoomLimits;
    breakers: CircuitBreakers<Endpoint>;
    lanes: Lanes<Place<Item, Endpoint>>;
    turns: Turns<Endpoint>;
    clock: Pick<Clock, 'elapsed'>;
    rooms: OpenRooms<Item, Endpoint>;
  },
  hold: (endpoint: Endpoint, room: Room<Item>) => void,
): (most: number) => Place<Item, Endpoint>[] {
  const { limits, breakers, lanes, turns, clock, rooms } = tools;

  const laneFor = (room: Room<Item>, suspect: boolean): Lane | undefined => {
    const places = suspect ? limits.perSuspect : Math.min(room.places, limits.perEndpoint);
    const lane = suspect ? 'suspects' : 'working';
    return room.inFlight < places && lanes.hasPlace(lane) ? lane : undefined;
  };

  const takeOne = (endpoint: Endpoint, room: Room<Item>): Place<Item, Endpoint> | undefined => {
    const failing = breakers.isFailing(endpoint);
    const admission = failing ? breakers.admits(endpoint) : 'free';
    if (admission === 'none') {
      hold(endpoint, room);
      return undefined;
    }
    const lane = laneFor(room, failing || room.slow > 0);
    if (lane === undefined || room.waiting.length === 0) return undefined;
    const probe = admission === 'probe' ? breakers.probe(endpoint) : undefined;
    if (admission === 'probe' && probe === undefined) return undefined;
    const item = room.waiting.shift() as Item;
    // To the end of the line, so that the next turn begins with somebody else.
    turns.drop(endpoint);
    if (room.waiting.length > 0) turns.join(endpoint);
    return enterRoom(room, lanes, { item, endpoint, lane, startedAt: clock.elapsed(), probe });
  };

  return (most) => {
    const taken: Place<Item, Endpoint>[] = [];
    let inTurn = turns.inLine();
    while (inTurn.length > 0 && taken.length < most) {
      inTurn = inTurn.filter((endpoint) => {
        const room = rooms.of(endpoint);
        const place = taken.length < most ? takeOne(endpoint, room) : undefined;
        if (place !== undefined) taken.push(place);
        return place !== undefined && room.waiting.length > 0;
      });
    }
    return taken;
  };
}
