import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMAS, type SchemaName } from '../../src/consistency/transaction';
import type { DatabaseUrls } from '../../src/database/pools';
import { urlOfDatabase } from './databases';
import { type Session, openSession } from './session';
import { startTemporaryPostgres } from './temporary-postgres';

/** A PostgreSQL server of a test's own, with four databases that belong to the role of the service. */
export interface OwnServer {
  /** The databases as the service reaches them: its role is no superuser, so that limits are for it, too. */
  readonly urls: DatabaseUrls;
  /** The same for whoever prepares and looks, whom limits of the role do not meet. */
  readonly looking: DatabaseUrls;
  readonly role: string;
  /** A superuser's session. */
  readonly operator: Session;
  /** What the server has logged since `mark` was given by this, as lines. */
  logSince(mark: number): readonly string[];
  mark(): number;
  close(): Promise<void>;
}

export async function startOwnServer(name: string, settings: Readonly<Record<string, string>>): Promise<OwnServer> {
  const { server, close } = await startTemporaryPostgres(name, settings);
  const operator = await openSession(server.url);
  const [role, password] = ['clerk', randomBytes(12).toString('hex')];
  await operator.run(`create role ${role} login password '${password}'`);
  for (const schema of SCHEMAS) await operator.run(`create database ${schema} owner ${role}`);
  const looking = bySchema((schema) => urlOfDatabase(server.url, schema));
  const urls = bySchema((schema) => {
    const url = new URL(looking[schema]);
    [url.username, url.password] = [role, password];
    return url.toString();
  });
  const log = join(server.home, 'postgres.log');
  return {
    urls,
    looking,
    role,
    operator,
    mark: () => statSync(log).size,
    logSince: (mark) => readFileSync(log).subarray(mark).toString().split('\n'),
    close: async () => {
      await operator.end();
      await close();
    },
  };
}

function bySchema<Part>(part: (schema: SchemaName) => Part): Record<SchemaName, Part> {
  return Object.fromEntries(SCHEMAS.map((schema) => [schema, part(schema)])) as Record<SchemaName, Part>;
}
