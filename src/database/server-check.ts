import type { Queryable } from '../consistency/transaction';
import { type ServerFacts, readServerFacts } from './server-store';
import { StartRefused, oneLine } from './start-refused';

const OLDEST = 140_000;
const DURABLE = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

/**
 * Refuses a server on which what was acknowledged to a bank could be lost, or on which the statements do not work.
 * @throws StartRefused naming the schema, what was found and what is expected; its cause is the driver's error
 */
export async function checkServer(database: Queryable): Promise<void> {
  const facts = await readServerFacts(database).catch((error: unknown) => {
    throw new StartRefused(`the database of schema ${database.schema} cannot be used: ${oneLine(error)}`, error);
  });
  refuseUnsafe(database.schema, facts);
}

function refuseUnsafe(schema: string, facts: ServerFacts): void {
  if (Number(facts.version_number) < OLDEST) {
    throw new StartRefused(`the server of schema ${schema} is PostgreSQL ${facts.version}; 14 or newer is needed`);
  }
  for (const setting of DURABLE) {
    if (facts[setting] === 'off') {
      throw new StartRefused(
        `the server of schema ${schema} has ${setting} off and may lose payments that were acknowledged; set it to on`,
      );
    }
  }
}
