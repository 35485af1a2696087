import { Client } from 'pg';

/** A session of somebody else on the same database: an operator, a migration, a report. */
export interface Session {
  run(text: string): Promise<readonly object[]>;
  /** Ends the session, and with it whatever it has locked. */
  end(): Promise<void>;
}

export async function openSession(url: string): Promise<Session> {
  const client = new Client({ connectionString: url, application_name: 'session of the test' });
  // A server that is stopped under it says so; nobody waits for it.
  client.on('error', () => undefined);
  await client.connect();
  return {
    run: async (text) => {
      const result = await client.query<object>(text);
      return Array.isArray(result) ? [] : result.rows;
    },
    end: () => client.end().catch(() => undefined),
  };
}

/** Holds a table so that whoever wants to write to it, or even to read it (`access exclusive`), waits until `release`. */
export async function lockTable(
  url: string,
  table: string,
  mode: 'exclusive' | 'access exclusive' = 'exclusive',
): Promise<{ release(): Promise<void> }> {
  const session = await openSession(url);
  await session.run(`begin; lock table ${table} in ${mode} mode`);
  return { release: () => session.end() };
}
