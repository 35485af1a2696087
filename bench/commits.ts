import { performance } from 'node:perf_hooks';
import { Client } from 'pg';
import { quantilesOf } from './median';
import type { Stage } from './stage';

/** Commits one small row after the other, on one connection of Node's driver to a database of its own on the same server. */
export interface Committer {
  /**
   * Three commits one after the other, so often.
   * @returns the median of what three take, in milliseconds
   */
  threeInARow(times: number): Promise<number>;
  close(): Promise<void>;
}

/** About what a receipt's own columns weigh. */
const ROW = 'x'.repeat(200);

export async function openCommitter(stage: Stage): Promise<Committer> {
  const { url, drop } = await stage.emptyDatabase();
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('create table commits (id bigint generated always as identity primary key, row text not null)');
  // A prepared statement outside of a transaction is one: it is durable when it is answered.
  const commit = (): Promise<unknown> =>
    client.query({ name: 'commit', text: 'insert into commits (row) values ($1)', values: [ROW] });
  await commit();
  return {
    threeInARow: async (times) => {
      const took: number[] = [];
      while (took.length < times) {
        const startedAt = performance.now();
        await commit();
        await commit();
        await commit();
        took.push(performance.now() - startedAt);
      }
      return quantilesOf(took).p50;
    },
    close: async () => {
      await client.end();
      await drop();
    },
  };
}
