import { z } from 'zod';
import { OPERATIONS_DEFAULTS, ROLES, readTrustProxy } from './config-operations';
import { OPERATORS, type Operator, readOperators } from './config-operators';
import { DAYS, RETENTION_DEFAULTS, isRetention } from './config-retention';
import { telemetryVariables } from './config-telemetry';
import { StartRefused } from './database/start-refused';

/** The environment variables of the service: how each is written, and what a person is told where one is wrong. */
export type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const POSTGRES_URL = 'a URL such as postgres://user:password@host:5432/database';
export const MASTER_KEY =
  '32 bytes in base64 (openssl rand -base64 32), or several of them separated by commas, the present one first';
export const TOKEN = 'at least 24 visible characters without spaces';

const matching = (pattern: RegExp, expected: string): z.ZodOptional<z.ZodString> =>
  z.string().regex(pattern, expected).optional();
const url = (protocols: readonly string[], expected: string): z.ZodOptional<z.ZodString> =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), expected)
    .optional();
const whole = (from: number, to: number, otherwise: number): z.ZodType<number> => {
  const expected = `a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((number) => number >= from && number <= to, expected)
    .default(otherwise);
};

export const databaseVariables = z.object({
  DATABASE_URL: url(['postgres:', 'postgresql:'], POSTGRES_URL),
  ORDERS_DATABASE_URL: url(['postgres:', 'postgresql:'], POSTGRES_URL),
  ACCOUNTS_DATABASE_URL: url(['postgres:', 'postgresql:'], POSTGRES_URL),
  POINTS_DATABASE_URL: url(['postgres:', 'postgresql:'], POSTGRES_URL),
  ACCOUNTING_DATABASE_URL: url(['postgres:', 'postgresql:'], POSTGRES_URL),
  QUITTANCE_DATA_DIR: z.string().default('.data'),
  LOG_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).default('info'),
  DATABASE_POOL_SIZE: whole(2, 100, 10),
});

export const auditVariables = databaseVariables.extend({
  QUITTANCE_MASTER_KEY: z
    .string()
    .transform((text) => text.split(',').map((key) => key.trim()))
    .refine((keys) => keys.every(isMasterKey), MASTER_KEY)
    .optional(),
});

const { limits, senders } = OPERATIONS_DEFAULTS;
const rate = (otherwise: number): z.ZodType<number> => whole(0, 1_000_000, otherwise);

/** How a process is run, watched and protected. */
const operationsVariables = {
  ROLE: z.enum(ROLES, `one of ${ROLES.join(', ')}`).default(OPERATIONS_DEFAULTS.role),
  QUEUE_EVERYTHING: z.enum(['true', 'false'], 'true or false').default('false'),
  DRAIN_DELAY_MS: whole(0, 60_000, OPERATIONS_DEFAULTS.drainDelayMs),
  METRICS_TOKEN: matching(/^[\x21-\x7e]{24,200}$/, TOKEN),
  TRUST_PROXY: z
    .string()
    .refine((text) => readTrustProxy(text) !== undefined, 'a number of hops from 1 to 10, or addresses with commas')
    .transform(readTrustProxy)
    .optional(),
  HEADERS_TIMEOUT_MS: whole(100, 600_000, senders.headersMs),
  BODY_TIMEOUT_MS: whole(100, 600_000, senders.bodyMs),
  MAX_CONNECTIONS: whole(1, 1_000_000, senders.mostConnections),
  MAX_CALLBACKS_IN_FLIGHT: whole(1, 1_000_000, OPERATIONS_DEFAULTS.mostCallbacksInFlight),
  RATE_LIMIT_API_KEY_PER_SECOND: rate(limits.apiKeyPerSecond),
  RATE_LIMIT_OPERATOR_PER_SECOND: rate(limits.operatorPerSecond),
  RATE_LIMIT_CHANNEL_PER_SECOND: rate(limits.channelPerSecond),
  RATE_LIMIT_REFUSED_CALLBACKS_PER_MINUTE: rate(limits.refusedCallbacksPerMinute),
  RATE_LIMIT_FAILED_AUTHENTICATIONS_PER_MINUTE: rate(limits.failedAuthenticationsPerMinute),
};

const days = (otherwise: number): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d{1,5}$/, DAYS)
    .transform(Number)
    .refine(isRetention, DAYS)
    .default(otherwise);

export const retentionVariables = databaseVariables.extend({
  RETENTION_TRANSACTIONS_DAYS: days(RETENTION_DEFAULTS.transactions),
  RETENTION_HOLDS_DAYS: days(RETENTION_DEFAULTS.holds),
  RETENTION_ATTEMPTS_DAYS: days(RETENTION_DEFAULTS.attempts),
  RETENTION_BODIES_DAYS: days(RETENTION_DEFAULTS.bodies),
});

export const serviceVariables = auditVariables.extend({
  ...retentionVariables.shape,
  ...operationsVariables,
  REDIS_URL: url(['redis:', 'rediss:'], 'a URL such as redis://host:6379/0'),
  HOST: matching(/^[0-9A-Za-z.:_-]+$/, 'a host name or an address such as 127.0.0.1').default('127.0.0.1'),
  PORT: whole(0, 65_535, 8_080),
  QUITTANCE_OPERATOR_TOKEN: matching(/^[\x21-\x7e]{24,200}$/, TOKEN),
  QUITTANCE_OPERATOR_TOKENS: z
    .string()
    .transform((text, context): readonly Operator[] => {
      const operators = readOperators(text);
      if (operators !== undefined) return operators;
      context.addIssue({ code: 'custom', message: OPERATORS });
      return z.NEVER;
    })
    .optional(),
  QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: z.enum(['true', 'false'], 'true or false').optional(),
  ENDPOINT_FAILING_HOURS: whole(1, 8_760, 72),
  ANSWER_BUDGET_MS: whole(100, 60_000, 3_500),
  RECONCILIATION_DIR: z.string().optional(),
  RECONCILIATION_CRON: matching(
    /^([0-9*,/-]+ ){4}[0-9*,/-]+$/,
    'five fields of numbers, such as "30 3 * * *" for half past three in UTC',
  ).default('30 3 * * *'),
  TRANSACTION_DEADLINE_MS: whole(1_000, 600_000, 10_000),
  ...telemetryVariables,
});

export const clientVariables = z.object({
  QUITTANCE_DATA_DIR: z.string().default('.data'),
  QUITTANCE_URL: url(['http:', 'https:'], 'a URL such as http://127.0.0.1:8080'),
  QUITTANCE_OPERATOR_TOKEN: matching(/^[\x21-\x7e]+$/, TOKEN),
  QUITTANCE_API_KEY: matching(/^[\x21-\x7e]+$/, 'a merchant’s key (qk_...)'),
});

export function isMasterKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text);
}

/**
 * Reads the variables of a schema. An empty one counts as none: that is how compose files and shells leave one out.
 * @throws StartRefused with one line per wrong variable
 */
export function parseVariables<T>(schema: z.ZodType<T>, environment: Environment): T {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return `${name} is ${shown(name, given[name] ?? '')}; expected ${message}`;
  });
  throw new StartRefused([...new Set(lines)].join('\n'));
}

/** What a variable was, without what must not stand in a log. */
function shown(name: string, value: string): string {
  if (/(KEY|TOKENS?)$|HEADERS/.test(name)) return `a secret of ${value.length} characters`;
  const clipped = value.length > 80 ? `${value.slice(0, 80)}...` : value;
  if (!/_(URL|ENDPOINT)$/.test(name)) return JSON.stringify(clipped);
  const at = value.lastIndexOf('@');
  return at === -1
    ? JSON.stringify(clipped)
    : JSON.stringify(`${value.slice(0, Math.max(0, value.indexOf('//') + 2))}***${value.slice(at)}`);
}
