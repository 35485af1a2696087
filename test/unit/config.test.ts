import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPERATIONS_DEFAULTS } from '../../src/config-operations';
import { RETENTION_DEFAULTS } from '../../src/config-retention';
import {
  loadAuditConfig,
  loadClientConfig,
  loadConfig,
  loadDatabaseConfig,
  loadRetentionConfig,
} from '../../src/config';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 8).toString('base64');
const TOKEN = 'operator-token-of-28-letters';
const URL_ONE = 'postgres://user:hidden-word@db.example:5432/quittance';
const EXTERNAL = { DATABASE_URL: URL_ONE, QUITTANCE_MASTER_KEY: KEY, QUITTANCE_OPERATOR_TOKEN: TOKEN };

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quittance-config-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

function refusalOf(environment: Record<string, string>): string {
  try {
    loadConfig({ QUITTANCE_DATA_DIR: dataDir, ...environment });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('it was accepted');
}

describe('how long what has ended is kept', () => {
  const retention = (environment: Record<string, string>) =>
    loadConfig({ QUITTANCE_DATA_DIR: dataDir, ...environment }).retention;

  it('has defaults, is read in days, and 0 is for ever; an empty variable is none', () => {
    expect(retention({ RETENTION_BODIES_DAYS: '' })).toEqual(RETENTION_DEFAULTS);
    expect(
      retention({ RETENTION_TRANSACTIONS_DAYS: '35', RETENTION_HOLDS_DAYS: '65', RETENTION_ATTEMPTS_DAYS: '0' }),
    ).toEqual({
      transactions: 35,
      holds: 65,
      attempts: 0,
      bodies: 400,
    });
    expect(retention({ RETENTION_TRANSACTIONS_DAYS: '3650', RETENTION_HOLDS_DAYS: '0' })).toMatchObject({ holds: 0 });
    const alone = loadRetentionConfig({ DATABASE_URL: URL_ONE, RETENTION_BODIES_DAYS: '36500' });
    expect(alone.retention).toEqual({ ...RETENTION_DEFAULTS, bodies: 36_500 });
  });

  it('is never shorter than banks repeat themselves', () => {
    const names = ['TRANSACTIONS', 'HOLDS', 'ATTEMPTS', 'BODIES'].map((name) => `RETENTION_${name}_DAYS`);
    const wrong = ['34', '1', '-1', '36501', 'long', '90d'];
    for (const name of names) {
      for (const value of wrong) {
        const said = `${name} is "${value}"; expected a whole number of days from 35 to 36500, or 0 for ever`;
        expect(refusalOf({ [name]: value })).toBe(said);
      }
    }
  });

  it('is longer for holds than for their transactions', () => {
    expect(refusalOf({ RETENTION_TRANSACTIONS_DAYS: '151' })).toBe(
      'RETENTION_HOLDS_DAYS is "180"; expected at least 181, which is 30 more than RETENTION_TRANSACTIONS_DAYS, or 0 for ever',
    );
    expect(retention({ RETENTION_TRANSACTIONS_DAYS: '150' })).toMatchObject({ transactions: 150, holds: 180 });
  });
});

describe('the configuration without any environment', () => {
  it('is the embedded mode, with secrets made once and readable by their owner only', () => {
    const first = loadConfig({ QUITTANCE_DATA_DIR: dataDir });
    expect(first).toMatchObject({
      urls: undefined,
      redisUrl: undefined,
      host: '127.0.0.1',
      port: 8080,
      allowPrivateEndpoints: true,
      answerBudgetMs: 3500,
      transactionDeadlineMs: 10000,
      logLevel: 'info',
    });
    expect(first.masterKeys.map((key) => key.length)).toEqual([32]);
    expect(first.operatorToken?.length).toBeGreaterThanOrEqual(24);
    expect(loadConfig({ QUITTANCE_DATA_DIR: dataDir })).toEqual(first);
    for (const file of ['master-key', 'operator-token']) {
      expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('runs everything, with generous limits, trusting no proxy, and makes a token for the scraper', () => {
    const { operations } = loadConfig({ QUITTANCE_DATA_DIR: dataDir });
    expect(operations).toEqual({ ...OPERATIONS_DEFAULTS, metricsToken: expect.stringMatching(/^.{43,44}$/) });
    expect(statSync(join(dataDir, 'metrics-token')).mode & 0o777).toBe(0o600);
    expect(loadConfig({ QUITTANCE_DATA_DIR: dataDir }).operations).toEqual(operations);
    expect(loadConfig({ QUITTANCE_DATA_DIR: dataDir, ...EXTERNAL }).operations).toEqual(OPERATIONS_DEFAULTS);
  });

  it('says what is wrong about how a process is run', () => {
    const wrong = { ROLE: 'boss', DRAIN_DELAY_MS: 'long', METRICS_TOKEN: 'short', TRUST_PROXY: 'true' };
    expect(
      refusalOf({ ...wrong, RATE_LIMIT_API_KEY_PER_SECOND: '-1' })
        .split('\n')
        .sort(),
    ).toEqual([
      'DRAIN_DELAY_MS is "long"; expected a whole number from 0 to 60000',
      'METRICS_TOKEN is a secret of 5 characters; expected at least 24 visible characters without spaces',
      'RATE_LIMIT_API_KEY_PER_SECOND is "-1"; expected a whole number from 0 to 1000000',
      'ROLE is "boss"; expected one of http, worker, all',
      'TRUST_PROXY is "true"; expected a number of hops from 1 to 10, or addresses with commas',
    ]);
  });

  it('refuses a master key file that was damaged, instead of making another', () => {
    loadConfig({ QUITTANCE_DATA_DIR: dataDir });
    writeFileSync(join(dataDir, 'master-key'), 'half');
    expect(refusalOf({})).toBe(
      `${join(dataDir, 'master-key')} is damaged: expected the text that the service wrote on its first start`,
    );
    expect(readFileSync(join(dataDir, 'master-key'), 'utf8')).toBe('half');
  });

  it('counts an empty variable as none', () => {
    expect(loadConfig({ QUITTANCE_DATA_DIR: dataDir, DATABASE_URL: '', PORT: '', REDIS_URL: '' })).toMatchObject({
      urls: undefined,
      port: 8080,
      redisUrl: undefined,
    });
  });
});

describe('the configuration with databases elsewhere', () => {
  it('takes one URL for all four schemas, or one of its own for any', () => {
    const points = 'postgresql://points.example/points';
    expect(loadConfig({ ...EXTERNAL, POINTS_DATABASE_URL: points })).toMatchObject({
      urls: { orders: URL_ONE, accounts: URL_ONE, points, accounting: URL_ONE },
      allowPrivateEndpoints: false,
      operatorToken: TOKEN,
    });
  });

  it('takes several master keys, the present one first', () => {
    const { masterKeys } = loadConfig({ ...EXTERNAL, QUITTANCE_MASTER_KEY: `${KEY}, ${OTHER_KEY}` });
    expect(masterKeys.map((key) => key.toString('base64'))).toEqual([KEY, OTHER_KEY]);
  });

  it('makes no secrets of its own and writes nothing', () => {
    expect(refusalOf({ DATABASE_URL: URL_ONE })).toBe(
      'QUITTANCE_MASTER_KEY is missing; expected 32 bytes in base64 (openssl rand -base64 32), or several of them separated by commas, the present one first\n' +
        'QUITTANCE_OPERATOR_TOKEN is missing; expected at least 24 visible characters without spaces',
    );
    expect(existsSync(join(dataDir, 'master-key'))).toBe(false);
  });

  it('needs all four URLs where there is no common one', () => {
    expect(refusalOf({ ORDERS_DATABASE_URL: URL_ONE, POINTS_DATABASE_URL: URL_ONE })).toBe(
      'ACCOUNTS_DATABASE_URL is missing while others are set; expected all four of them, or DATABASE_URL for the rest\n' +
        'ACCOUNTING_DATABASE_URL is missing while others are set; expected all four of them, or DATABASE_URL for the rest',
    );
  });

  it('asks only for what a verb needs', () => {
    expect(loadDatabaseConfig({ DATABASE_URL: URL_ONE }).urls?.orders).toBe(URL_ONE);
    expect(loadAuditConfig({ DATABASE_URL: URL_ONE, QUITTANCE_MASTER_KEY: KEY }).masterKeys).toHaveLength(1);
    expect(loadClientConfig({})).toMatchObject({ url: undefined, operatorToken: undefined, apiKey: undefined });
  });
});

describe('a wrong value is one line that names it, shows it and says what is expected', () => {
  it.each([
    ['PORT', '80 80', 'PORT is "80 80"; expected a whole number from 0 to 65535'],
    ['PORT', '65536', 'PORT is "65536"; expected a whole number from 0 to 65535'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud"; expected one of trace, debug, info, warn, error, fatal, silent'],
    ['REDIS_URL', 'localhost:6379', 'REDIS_URL is "localhost:6379"; expected a URL such as redis://host:6379/0'],
    ['HOST', 'a b', 'HOST is "a b"; expected a host name or an address such as 127.0.0.1'],
    ['DATABASE_POOL_SIZE', '1', 'DATABASE_POOL_SIZE is "1"; expected a whole number from 2 to 100'],
    ['ANSWER_BUDGET_MS', '3.5s', 'ANSWER_BUDGET_MS is "3.5s"; expected a whole number from 100 to 60000'],
    ['TRANSACTION_DEADLINE_MS', '0', 'TRANSACTION_DEADLINE_MS is "0"; expected a whole number from 1000 to 600000'],
    ['QUITTANCE_ALLOW_PRIVATE_ENDPOINTS', 'yes', 'QUITTANCE_ALLOW_PRIVATE_ENDPOINTS is "yes"; expected true or false'],
    [
      'DATABASE_URL',
      'mysql://root:hidden-word@db/x',
      'DATABASE_URL is "mysql://***@db/x"; expected a URL such as postgres://user:password@host:5432/database',
    ],
    [
      'QUITTANCE_MASTER_KEY',
      'hidden-word',
      'QUITTANCE_MASTER_KEY is a secret of 11 characters; expected 32 bytes in base64 (openssl rand -base64 32), or several of them separated by commas, the present one first',
    ],
    [
      'QUITTANCE_OPERATOR_TOKEN',
      'hidden-word',
      'QUITTANCE_OPERATOR_TOKEN is a secret of 11 characters; expected at least 24 visible characters without spaces',
    ],
  ])('%s=%s', (name, value, line) => {
    const refusal = refusalOf({ ...EXTERNAL, [name]: value });
    expect(refusal).toBe(line);
    expect(refusal).not.toContain('hidden-word');
  });

  it('and several wrong values are a line each', () => {
    expect(refusalOf({ ...EXTERNAL, PORT: 'x', LOG_LEVEL: 'y' }).split('\n')).toHaveLength(2);
  });
});
