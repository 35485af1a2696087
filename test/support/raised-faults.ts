import { randomBytes } from 'node:crypto';

/** Runs one statement, or several without values, on the database where the table is. */
export type RunSql = (text: string) => Promise<readonly object[]>;

export interface RaisedFault {
  /** How often the fault was raised so far. It counts what was rolled back, too. */
  times(): Promise<number>;
  /** Takes the fault away; waits for the transactions that are using the table. */
  heal(): Promise<void>;
}

export interface FaultOptions {
  readonly table: string;
  readonly on: 'insert' | 'update' | 'insert or update';
  /**
   * The SQLSTATE that PostgreSQL reports; several take turns. P0001, an error that nobody expects, where none is given.
   */
  readonly code?: string | readonly string[];
  /** A condition on the row, such as `new.status = 'confirmed'`. */
  readonly when?: string;
  /** It is raised so often and then no more. */
  readonly upTo?: number;
  /** Raised by the COMMIT and not by the statement. */
  readonly atCommit?: boolean;
}

/** Makes a table of a real database fail inside the server, for the service and for everybody else. */
export async function raiseFault(run: RunSql, options: FaultOptions): Promise<RaisedFault> {
  const { table, on, code = ['P0001'], when = 'true', upTo = 1_000_000_000, atCommit = false } = options;
  const [schema] = table.split('.');
  const name = `fault_${randomBytes(6).toString('hex')}`;
  const trigger = atCommit ? 'constraint trigger' : 'trigger';
  const moment = atCommit ? 'after' : 'before';
  // A sequence does not go back with the transaction that used it.
  await run(`
    create sequence ${schema}.${name};
    grant all on sequence ${schema}.${name} to public;
    create function ${schema}.${name}() returns trigger language plpgsql as $$
    declare
      codes text[] := '{${[code].flat().join(',')}}';
      times bigint := nextval('${schema}.${name}');
    begin
      if times <= ${upTo} then
        raise exception 'a fault of the test' using errcode = codes[1 + times % cardinality(codes)];
      end if;
      return new;
    end $$;
    create ${trigger} ${name} ${moment} ${on} on ${table} ${atCommit ? 'deferrable initially deferred' : ''}
      for each row when (${when}) execute function ${schema}.${name}();`);
  return {
    times: async () => {
      const rows = await run(
        `select least(case when is_called then last_value else 0 end, ${upTo})::int as times from ${schema}.${name}`,
      );
      return (rows[0] as { times: number }).times;
    },
    heal: async () => {
      await run(`drop trigger ${name} on ${table}; drop function ${schema}.${name}(); drop sequence ${schema}.${name}`);
    },
  };
}
