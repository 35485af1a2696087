import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMAS, type SchemaName } from '../src/consistency/transaction';
import { startEmbedded } from '../src/database/embedded';
import type { DatabaseUrls } from '../src/database/pools';
import { type TestRedis, startRedis } from '../test/support/redis';
import { type TcpProxy, startTcpProxy } from '../test/support/tcp-proxy';
import { makeTemporaryFolder } from '../test/support/temporary-postgres';
import type { Link } from './faults';

/** The servers under the service, and every connection to them. */
export interface Stage {
  /** Logs and data. */
  readonly folder: string;
  /** The databases themselves, past every proxy: for whoever judges. */
  readonly urls: DatabaseUrls;
  readonly redis: TestRedis | undefined;
  /** The process id of the server that has this schema. */
  postgresPid(schema: SchemaName): number | undefined;
  /** The connections of one more service process. */
  openLinks(): Promise<Links>;
  /** Ends every server. The folder goes, unless it is to be kept. */
  close(keep: boolean): Promise<void>;
}

/** What one service process reaches its servers through. */
export interface Links {
  readonly urls: DatabaseUrls;
  readonly redisUrl: string | undefined;
  /** A queue on PostgreSQL has the orders database's connections. */
  proxy(link: Link): TcpProxy;
}

/** Enough for every process's pools, and few enough to be taken by strangers. */
const SETTINGS = { max_connections: '150' };

export async function setStage(options: {
  readonly databases: 'one' | 'four';
  readonly queue: 'postgres' | 'redis';
}): Promise<Stage> {
  const folder = makeTemporaryFolder('chaos');
  mkdirSync(join(folder, 'logs'));
  const events = createWriteStream(join(folder, 'logs', 'servers.log'), { flags: 'a' });
  const closing: (() => Promise<void>)[] = [];
  const close = async (keep: boolean): Promise<void> => {
    await Promise.all(closing.map((end) => end()));
    await new Promise((resolve) => events.end(resolve));
    if (!keep) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const start = async (name: string): ReturnType<typeof startEmbedded> => {
      const server = await startEmbedded({
        dataDir: join(folder, name),
        settings: SETTINGS,
        onEvent: (sentence) => events.write(`${new Date().toISOString()} ${name}: ${sentence}\n`),
      });
      closing.push(() => server.stop());
      return server;
    };
    const one = options.databases === 'one' ? start('postgres') : undefined;
    const starting = SCHEMAS.map(async (schema) => [schema, await (one ?? start(`postgres-${schema}`))] as const);
    // All of them, also where one fails: what has started must be stopped.
    const servers = new Map((await Promise.allSettled(starting)).map(valueOf));
    const serverOf = (schema: SchemaName) => found(servers.get(schema), schema);
    const redis = options.queue === 'redis' ? found(await startRedis(), 'redis') : undefined;
    if (redis !== undefined) closing.push(() => redis.close());
    const urls = Object.fromEntries(SCHEMAS.map((schema) => [schema, serverOf(schema).url])) as DatabaseUrls;
    return {
      folder,
      urls,
      redis,
      postgresPid: (schema) => serverOf(schema).pid(),
      openLinks: async () => {
        const links = await openLinks(urls, redis?.url);
        closing.push(() => links.close());
        return links;
      },
      close,
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}

async function openLinks(
  urls: DatabaseUrls,
  redisUrl: string | undefined,
): Promise<Links & { close(): Promise<void> }> {
  const targets: readonly (readonly [Link, string])[] = [
    ...SCHEMAS.map((schema) => [schema, urls[schema]] as const),
    ...(redisUrl === undefined ? [] : [['queue', redisUrl] as const]),
  ];
  const made = await Promise.all(
    targets.map(async ([link, url]) => {
      const { hostname, port } = new URL(url);
      const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
      return { link, proxy, url: through(url, proxy.port) };
    }),
  );
  const of = (link: Link) => made.find((one) => one.link === link);
  return {
    urls: Object.fromEntries(SCHEMAS.map((schema) => [schema, of(schema)?.url])) as DatabaseUrls,
    redisUrl: of('queue')?.url,
    proxy: (link) => found((of(link) ?? of('orders'))?.proxy, link),
    close: async () => {
      await Promise.all(made.map(({ proxy }) => proxy.down()));
    },
  };
}

function through(url: string, port: number): string {
  const proxied = new URL(url);
  proxied.port = String(port);
  return proxied.toString();
}

function valueOf<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

function found<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`there is no ${name}`);
  return value;
}
