import { createEarnedPlaces } from './earned-places';

/**
 * Terminology
 * - room: what waits for one endpoint in this process, and how many of its attempts are in flight.
 */
export interface Room<Item> {
  waiting: Item[];
  inFlight: number;
  slow: number;
  /** How many places it may have while it works. */
  places: number;
}

export interface OpenRooms<Item, Endpoint> {
  /** The endpoint's room; one that is not open is as it would be opened. */
  of(endpoint: Endpoint): Room<Item>;
  open(endpoint: Endpoint, room: Room<Item>): void;
  closeIfEmpty(endpoint: Endpoint, room: Room<Item>): void;
  all(): Iterable<[Endpoint, Room<Item>]>;
}

/** A room is open while something waits there or is in flight; afterwards it is known what its endpoint has earned. */
export function createOpenRooms<Item extends string, Endpoint extends string>(
  firstPlaces: number,
  onClosed: (endpoint: Endpoint) => void,
): OpenRooms<Item, Endpoint> {
  const rooms = new Map<Endpoint, Room<Item>>();
  const earned = createEarnedPlaces<Endpoint>(firstPlaces);
  return {
    of: (endpoint) => rooms.get(endpoint) ?? { waiting: [], inFlight: 0, slow: 0, places: earned.of(endpoint) },
    open: (endpoint, room) => {
      rooms.set(endpoint, room);
    },
    closeIfEmpty: (endpoint, room) => {
      if (room.waiting.length > 0 || room.inFlight > 0) return;
      rooms.delete(endpoint);
      onClosed(endpoint);
      earned.remember(endpoint, room.places);
    },
    all: () => rooms,
  };
}
