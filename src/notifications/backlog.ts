import type { Logger } from 'pino';
import type { Database } from '../consistency/transaction';
import type { EndpointId, NotificationId } from '../core/ids';
import { drawPutOff, endpointsWithPutOff, putOff } from './notifications-store';

interface Due {
  readonly id: NotificationId;
  readonly endpointId: EndpointId;
}

/**
 * What is due and finds no room in this process, because its endpoint's circuit is open or because too much waits: it is
 * put off in the database, which counts no attempt, and drawn again when its endpoint can take more. Should nobody draw
 * it, it comes back by itself after ten to fifteen minutes. Nothing here throws: what cannot be written or read now is
 * found by the sweep.
 */
export interface Backlog {
  putOff(due: readonly Due[]): Promise<void>;
  /** Learns for which endpoints something is put off, by whatever process: a part of them with each call. */
  look(): Promise<void>;
  /** Says that an endpoint works, so that it gets what is put off for it. */
  works(endpoint: EndpointId): void;
  /** @param appetite how many more an endpoint can do with now */
  draw(appetite: (endpoint: EndpointId) => number): Promise<readonly Due[]>;
}

const PAGE = 1_000;

export function createBacklog(tools: {
  readonly db: Database<'orders'>;
  readonly logger: Pick<Logger, 'warn'>;
}): Backlog {
  const known = new Set<EndpointId>();
  /** Those of which it is worth asking whether they can take more. */
  const hungry = new Set<EndpointId>();
  let lastSeen: EndpointId | undefined;

  const drawAll = async (wishes: readonly { endpoint: EndpointId; many: number }[]): Promise<readonly Due[]> => {
    const drawn = await drawPutOff(tools.db, wishes);
    const counts = new Map<EndpointId, number>();
    for (const { endpointId } of drawn) counts.set(endpointId, (counts.get(endpointId) ?? 0) + 1);
    for (const { endpoint, many } of wishes) if ((counts.get(endpoint) ?? 0) < many) known.delete(endpoint);
    return drawn;
  };

  return {
    putOff: async (due) => {
      if (due.length === 0) return;
      try {
        const ids = due.map((one) => one.id);
        await putOff(tools.db, ids);
        for (const { endpointId } of due) known.add(endpointId);
      } catch (error) {
        const facts = { event: 'notification.not_put_off', err: error, notifications: due.length };
        tools.logger.warn(facts, 'notifications could not be put off');
      }
    },
    look: async () => {
      if (lastSeen === undefined) known.clear();
      const endpoints = await endpointsWithPutOff(tools.db, lastSeen, PAGE);
      lastSeen = endpoints.length < PAGE ? undefined : endpoints.at(-1);
      for (const endpoint of endpoints) {
        known.add(endpoint);
        hungry.add(endpoint);
      }
    },
    works: (endpoint) => {
      if (known.has(endpoint)) hungry.add(endpoint);
    },
    draw: async (appetite) => {
      const wishes = [...hungry].map((endpoint) => ({ endpoint, many: appetite(endpoint) }));
      hungry.clear();
      const wanted = wishes.filter((wish) => wish.many > 0);
      if (wanted.length === 0) return [];
      try {
        return await drawAll(wanted);
      } catch (error) {
        const facts = { event: 'notification.not_drawn', err: error };
        tools.logger.warn(facts, 'notifications that were put off could not be drawn');
        return [];
      }
    },
  };
}
