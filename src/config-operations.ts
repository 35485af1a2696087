import { isIP } from 'node:net';

/** What a process of the service does: answer HTTP, do the work that nobody waits for, or both. */
export const ROLES = ['http', 'worker', 'all'] as const;
export type Role = (typeof ROLES)[number];

/** How a process is run, watched and protected. */
export interface OperationsConfig {
  readonly role: Role;
  /** Whether everything that is decided goes through the queue; else a process does itself what it keeps up with. */
  readonly queueEverything: boolean;
  /** How long /readyz says 503 before the listener closes, for balancers that ask seldom, in milliseconds. */
  readonly drainDelayMs: number;
  /** The token that opens /metrics and nothing else. */
  readonly metricsToken: string | undefined;
  /** Which proxies are believed about the client's address: so many hops, or these addresses. Undefined: none. */
  readonly trustProxy: number | readonly string[] | undefined;
  /** How slow a sender may be, in milliseconds, and how many may be connected at once. */
  readonly senders: {
    /** From the connection, or the first byte, to the end of the headers. */
    readonly headersMs: number;
    /** To the end of the body; a statement of a bank has longer. */
    readonly bodyMs: number;
    readonly mostConnections: number;
  };
  /** So many callbacks of the last two seconds may be unanswered in this process; what comes beyond is told at once to come again. */
  readonly mostCallbacksInFlight: number;
  /** 0 switches a limit off. They hold per process. */
  readonly limits: {
    readonly apiKeyPerSecond: number;
    readonly operatorPerSecond: number;
    readonly channelPerSecond: number;
    readonly refusedCallbacksPerMinute: number;
    readonly failedAuthenticationsPerMinute: number;
  };
}

/** The variables' own defaults say the same; tests that build a configuration by hand start from here. */
export const OPERATIONS_DEFAULTS: OperationsConfig = {
  role: 'all',
  queueEverything: false,
  drainDelayMs: 500,
  metricsToken: undefined,
  trustProxy: undefined,
  senders: { headersMs: 10_000, bodyMs: 30_000, mostConnections: 4_000 },
  mostCallbacksInFlight: 400,
  limits: {
    apiKeyPerSecond: 5_000,
    operatorPerSecond: 5_000,
    channelPerSecond: 20_000,
    refusedCallbacksPerMinute: 300,
    failedAuthenticationsPerMinute: 60,
  },
};

const NAMED = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** Reads `TRUST_PROXY`; undefined where it is not understood. `true` is not: then anybody could invent an address. */
export function readTrustProxy(text: string): number | readonly string[] | undefined {
  if (/^([1-9]|10)$/.test(text)) return Number(text);
  const proxies = text.split(',').map((one) => one.trim());
  return proxies.every(isProxy) ? proxies : undefined;
}

function isProxy(text: string): boolean {
  if (NAMED.has(text)) return true;
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128))
  );
}
