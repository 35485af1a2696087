import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { SCHEMAS, type SchemaName } from './consistency/transaction';
import type { OperationsConfig } from './config-operations';
import { DATA_FILES, ensureDataDir, readIfThere, readOrCreate } from './data-dir';
import { OPERATORS, type Operator, allOperators, shareToken } from './config-operators';
import { type RetentionConfig, checkedRetention } from './config-retention';
import type { DatabaseUrls } from './database/pools';
import {
  type Environment,
  type LogLevel,
  MASTER_KEY,
  TOKEN,
  auditVariables,
  clientVariables,
  databaseVariables,
  isMasterKey,
  parseVariables,
  retentionVariables,
  serviceVariables,
} from './config-variables';
import { telemetryConfig } from './config-telemetry';
import type { TelemetryConfig } from './telemetry/telemetry';
import { StartRefused } from './database/start-refused';

/** What every verb needs that touches the databases. */
export interface DatabaseConfig {
  /** Absolute. Used only in embedded mode and by the command line. */
  readonly dataDir: string;
  /** Undefined in embedded mode: the service brings its own PostgreSQL. */
  readonly urls: DatabaseUrls | undefined;
  readonly logLevel: LogLevel;
  readonly databasePoolSize: number;
}

/** What the service needs. Times are in milliseconds. */
export interface Config extends DatabaseConfig {
  readonly redisUrl: string | undefined;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** 32 bytes each, the present one first. */
  readonly masterKeys: readonly Buffer[];
  /** The token that all operators without a name share; undefined where there are only named ones. */
  readonly operatorToken: string | undefined;
  readonly namedOperators: readonly Operator[];
  /** Whether merchants' endpoints may be on this machine or in private networks, as in development. */
  readonly allowPrivateEndpoints: boolean;
  /** How long every attempt to an endpoint must fail before it is disabled, with an incident. */
  readonly endpointFailingHours: number;
  /** How long a bank waits for our answer before it is told to try again. */
  readonly answerBudgetMs: number;
  /** How long a global transaction may try before recovery cancels it. */
  readonly transactionDeadlineMs: number;
  readonly telemetry: TelemetryConfig;
  /** Where channels' statements are put, undefined where they are handed in only. */
  readonly reconciliationDir: string | undefined;
  /** When the reconciliation does its day's work: five fields, in UTC. */
  readonly reconciliationCron: string;
  readonly retention: RetentionConfig;
  readonly operations: OperationsConfig;
}

/** How the command line finds the service. */
export interface ClientConfig {
  readonly dataDir: string;
  readonly url: string | undefined;
  readonly operatorToken: string | undefined;
  /** A merchant's key, for the commands that act as a merchant. */
  readonly apiKey: string | undefined;
}

/**
 * Reads the configuration of the service. In embedded mode the master key and the operator's token are made on the first
 * call and kept in the data folder, readable by their owner only.
 * @throws StartRefused with one line per wrong or missing variable
 */
export function loadConfig(environment: Environment = process.env): Config {
  const variables = parseVariables(serviceVariables, environment);
  const database = databaseConfig(variables);
  const embedded = database.urls === undefined;
  requireGiven(database, [
    ['QUITTANCE_MASTER_KEY', variables.QUITTANCE_MASTER_KEY, MASTER_KEY],
    ['QUITTANCE_OPERATOR_TOKEN', variables.QUITTANCE_OPERATOR_TOKEN ?? variables.QUITTANCE_OPERATOR_TOKENS, TOKEN],
  ]);
  return {
    ...database,
    redisUrl: variables.REDIS_URL,
    host: variables.HOST,
    port: variables.PORT,
    allowPrivateEndpoints: (variables.QUITTANCE_ALLOW_PRIVATE_ENDPOINTS ?? String(embedded)) === 'true',
    endpointFailingHours: variables.ENDPOINT_FAILING_HOURS,
    answerBudgetMs: variables.ANSWER_BUDGET_MS,
    transactionDeadlineMs: variables.TRANSACTION_DEADLINE_MS,
    telemetry: telemetryConfig(variables),
    reconciliationDir: variables.RECONCILIATION_DIR,
    reconciliationCron: variables.RECONCILIATION_CRON,
    masterKeys: masterKeys(database, variables.QUITTANCE_MASTER_KEY),
    retention: retentionConfig(variables),
    operations: operationsConfig(database, variables),
    ...operators(database, variables),
  };
}

/** In embedded mode the scraper's token is made like the operator's. */
function operationsConfig(database: DatabaseConfig, variables: z.infer<typeof serviceVariables>): OperationsConfig {
  const embedded = database.urls === undefined;
  return {
    role: variables.ROLE,
    queueEverything: variables.QUEUE_EVERYTHING === 'true',
    drainDelayMs: variables.DRAIN_DELAY_MS,
    metricsToken:
      variables.METRICS_TOKEN ?? (embedded ? kept(database.dataDir, DATA_FILES.metricsToken, 'base64url') : undefined),
    trustProxy: variables.TRUST_PROXY,
    senders: {
      headersMs: variables.HEADERS_TIMEOUT_MS,
      bodyMs: variables.BODY_TIMEOUT_MS,
      mostConnections: variables.MAX_CONNECTIONS,
    },
    mostCallbacksInFlight: variables.MAX_CALLBACKS_IN_FLIGHT,
    limits: {
      apiKeyPerSecond: variables.RATE_LIMIT_API_KEY_PER_SECOND,
      operatorPerSecond: variables.RATE_LIMIT_OPERATOR_PER_SECOND,
      channelPerSecond: variables.RATE_LIMIT_CHANNEL_PER_SECOND,
      refusedCallbacksPerMinute: variables.RATE_LIMIT_REFUSED_CALLBACKS_PER_MINUTE,
      failedAuthenticationsPerMinute: variables.RATE_LIMIT_FAILED_AUTHENTICATIONS_PER_MINUTE,
    },
  };
}

function retentionConfig(variables: z.infer<typeof retentionVariables>): RetentionConfig {
  return checkedRetention({
    transactions: variables.RETENTION_TRANSACTIONS_DAYS,
    holds: variables.RETENTION_HOLDS_DAYS,
    attempts: variables.RETENTION_ATTEMPTS_DAYS,
    bodies: variables.RETENTION_BODIES_DAYS,
  });
}

function operators(
  { dataDir, urls }: DatabaseConfig,
  variables: z.infer<typeof serviceVariables>,
): Pick<Config, 'operatorToken' | 'namedOperators'> {
  const made = urls === undefined ? kept(dataDir, DATA_FILES.operatorToken, 'base64url') : undefined;
  const found = {
    operatorToken: variables.QUITTANCE_OPERATOR_TOKEN ?? made,
    namedOperators: variables.QUITTANCE_OPERATOR_TOKENS ?? [],
  };
  if (!shareToken(allOperators(found))) return found;
  throw new StartRefused(
    `QUITTANCE_OPERATOR_TOKENS holds the token of QUITTANCE_OPERATOR_TOKEN; expected ${OPERATORS}`,
  );
}

/** Reads what `migrate` needs: where the databases are. @throws StartRefused as `loadConfig` does */
export function loadDatabaseConfig(environment: Environment = process.env): DatabaseConfig {
  return databaseConfig(parseVariables(databaseVariables, environment));
}

/** Reads what `retention run` needs. @throws StartRefused as `loadConfig` does */
export function loadRetentionConfig(
  environment: Environment = process.env,
): DatabaseConfig & Pick<Config, 'retention'> {
  const variables = parseVariables(retentionVariables, environment);
  return { ...databaseConfig(variables), retention: retentionConfig(variables) };
}

/** Reads what `audit` needs: the books are signed with the master key. @throws StartRefused as `loadConfig` does */
export function loadAuditConfig(environment: Environment = process.env): DatabaseConfig & Pick<Config, 'masterKeys'> {
  const variables = parseVariables(auditVariables, environment);
  const database = databaseConfig(variables);
  requireGiven(database, [['QUITTANCE_MASTER_KEY', variables.QUITTANCE_MASTER_KEY, MASTER_KEY]]);
  return { ...database, masterKeys: masterKeys(database, variables.QUITTANCE_MASTER_KEY) };
}

/** Reads what the commands need that call the service. @throws StartRefused as `loadConfig` does */
export function loadClientConfig(environment: Environment = process.env): ClientConfig {
  const variables = parseVariables(clientVariables, environment);
  return {
    dataDir: resolve(variables.QUITTANCE_DATA_DIR),
    url: variables.QUITTANCE_URL,
    operatorToken: variables.QUITTANCE_OPERATOR_TOKEN,
    apiKey: variables.QUITTANCE_API_KEY,
  };
}

function databaseConfig(variables: z.infer<typeof databaseVariables>): DatabaseConfig {
  return {
    dataDir: resolve(variables.QUITTANCE_DATA_DIR),
    urls: databaseUrls(variables),
    logLevel: variables.LOG_LEVEL,
    databasePoolSize: variables.DATABASE_POOL_SIZE,
  };
}

/** A schema's own URL comes first, then the common one; with none of the five the service brings its own server. */
function databaseUrls(variables: z.infer<typeof databaseVariables>): DatabaseUrls | undefined {
  const name = (schema: SchemaName): `${Uppercase<SchemaName>}_DATABASE_URL` =>
    `${schema.toUpperCase() as Uppercase<SchemaName>}_DATABASE_URL`;
  const found = SCHEMAS.map((schema) => [schema, variables[name(schema)] ?? variables.DATABASE_URL] as const);
  const missing = found.filter(([, value]) => value === undefined).map(([schema]) => name(schema));
  if (missing.length === SCHEMAS.length) return undefined;
  if (missing.length > 0) {
    throw new StartRefused(
      missing
        .map((one) => `${one} is missing while others are set; expected all four of them, or DATABASE_URL for the rest`)
        .join('\n'),
    );
  }
  return Object.fromEntries(found) as Record<SchemaName, string>;
}

/** Refuses to make secrets for databases elsewhere: another process on another machine would make others. */
function requireGiven(
  database: DatabaseConfig,
  secrets: readonly (readonly [name: string, value: unknown, expected: string])[],
): void {
  const missing = secrets.filter(([, value]) => database.urls !== undefined && value === undefined);
  if (missing.length === 0) return;
  throw new StartRefused(missing.map(([name, , expected]) => `${name} is missing; expected ${expected}`).join('\n'));
}

function masterKeys(database: DatabaseConfig, given: readonly string[] | undefined): readonly Buffer[] {
  const keys = given ?? [kept(database.dataDir, DATA_FILES.masterKey, 'base64')];
  return keys.map((key) => Buffer.from(key, 'base64'));
}

function kept(dataDir: string, file: string, encoding: 'base64' | 'base64url'): string {
  ensureDataDir(dataDir);
  const text = readOrCreate(dataDir, file, () => randomBytes(32).toString(encoding));
  if (isMasterKey(text) || (file !== DATA_FILES.masterKey && text.length >= 24)) return text;
  throw new StartRefused(
    `${join(dataDir, file)} is damaged: expected the text that the service wrote on its first start`,
  );
}

/** The token of a service in embedded mode, as the command line finds it. */
export function keptOperatorToken(dataDir: string): string | undefined {
  return readIfThere(join(dataDir, DATA_FILES.operatorToken))?.trim();
}
