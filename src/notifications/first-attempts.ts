import type { EndpointId, Ids, NotificationId } from '../core/ids';
import type { BirthClaim } from '../consistency/claims';
import type { Attempt } from './begin-attempts';
import type { Place, WaitingRooms } from './waiting-rooms';

/** A place that is kept for a first attempt until what it tells of is committed. */
export type KeptPlace = Place<NotificationId, EndpointId>;

/**
 * What a process announces it sends itself, where the endpoint works and has a place at once: such a notification is born
 * claimed, its first attempt is recorded as begun by the very commit that announces it, and the request goes out behind that
 * commit, without the queue, a claim of its own, or the text read back. Of a process that dies in between, others find the
 * attempt when its lease has run out, as they find one that was cut off.
 */
export interface FirstAttempts {
  /** @returns undefined where the notification is for the queue */
  keep(id: NotificationId, endpoint: EndpointId): KeptPlace | undefined;
  readonly claim: BirthClaim;
  /** Once it is committed that the attempt has begun. */
  send(place: KeptPlace, attempt: Attempt): void;
  /** Where it was not committed. */
  giveBack(place: KeptPlace): void;
}

export interface FirstAttemptsTools {
  readonly ids: Pick<Ids, 'token'>;
  readonly leaseMs: number;
  readonly isDraining: () => boolean;
  readonly rooms: Pick<WaitingRooms<NotificationId, EndpointId>, 'takeAtOnce'>;
  readonly make: (place: KeptPlace, attempt: Attempt) => Promise<void>;
  readonly finish: (place: KeptPlace, worked: undefined) => void;
}

export function createFirstAttempts({
  ids,
  leaseMs,
  isDraining,
  rooms,
  make,
  finish,
}: FirstAttemptsTools): FirstAttempts {
  return {
    claim: { token: ids.token(), leaseMs },
    keep: (id, endpoint) => (isDraining() ? undefined : rooms.takeAtOnce(id, endpoint)),
    send: (place, attempt) => {
      void make(place, attempt);
    },
    giveBack: (place) => {
      finish(place, undefined);
    },
  };
}

export interface OwnFirstAttempts {
  /** Who makes them now; undefined where all is for the queue. */
  readonly by: () => FirstAttempts | undefined;
  start(by: FirstAttempts): void;
  /** What is announced from now on is for the queue. */
  stop(): void;
}

export function createOwnFirstAttempts(): OwnFirstAttempts {
  let current: FirstAttempts | undefined;
  return {
    by: () => current,
    start: (by) => {
      current = by;
    },
    stop: () => {
      current = undefined;
    },
  };
}
