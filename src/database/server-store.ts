import { type Queryable, statement } from '../consistency/transaction';

/** What a server says of itself; settings are `on`, `off` or one of PostgreSQL's other words. */
export interface ServerFacts {
  /** `150004` for 15.4. */
  readonly version_number: string;
  readonly version: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
}

const READ_FACTS = statement(
  'server.facts',
  `select current_setting('server_version_num') as version_number, current_setting('server_version') as version,
          current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
          current_setting('synchronous_commit') as synchronous_commit`,
);

export async function readServerFacts(database: Queryable): Promise<ServerFacts> {
  const [facts] = await database.query<ServerFacts>(READ_FACTS);
  if (facts === undefined) throw new Error('the server gave no settings');
  return facts;
}
