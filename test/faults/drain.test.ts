import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { createTestDatabase, dropTestDatabase } from '../support/databases';
import { type ServiceProcess, runCommand, startServiceProcess } from '../support/process';
import { type Payments, mustAddUp, mustBeCreditedOnce, preparePayments, serviceSetup } from '../support/service-world';
import type { VendorCallback } from '../support/vendor-callbacks/vendor-bank';

/** SIGTERM under load: whatever was accepted is answered, nobody is cut off, and what was acknowledged is there. */
const PAYMENTS = 400;
const CALLERS = 24;
jest.setTimeout(400_000);

let databaseUrl: string;
let services: ServiceProcess[] = [];

beforeEach(async () => {
  databaseUrl = await createTestDatabase();
});
afterEach(async () => {
  for (const { child, end } of services) if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
  services = [];
  await dropTestDatabase(databaseUrl);
});

async function start(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const service = await startServiceProcess({ env });
  services.push(service);
  return service;
}

/** What one caller saw of one request. */
type Seen =
  | { readonly kind: 'answered'; readonly status: number; readonly isLast: boolean }
  /** No connection was made. */
  | { readonly kind: 'not_taken' }
  /** There was a connection, and no answer came over it. */
  | { readonly kind: 'cut'; readonly error: string };

function post(agent: Agent, url: string, { headers, body }: VendorCallback): Promise<Seen> {
  return new Promise((resolve) => {
    const sent = request(url, {
      agent,
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.length) },
    });
    sent.on('response', (answer) => {
      answer.resume();
      answer.on('end', () => {
        resolve({ kind: 'answered', status: answer.statusCode ?? 0, isLast: answer.headers.connection === 'close' });
      });
      answer.on('error', (error) => {
        resolve({ kind: 'cut', error: String(error) });
      });
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const isRefused = error.code === 'ECONNREFUSED' && !sent.reusedSocket;
      resolve(
        isRefused ? { kind: 'not_taken' } : { kind: 'cut', error: `${String(error)} reused ${sent.reusedSocket}` },
      );
    });
    sent.setTimeout(20_000, () => sent.destroy(new Error('no answer in 20 s')));
    sent.end(body);
  });
}

interface Watched {
  readonly answers: (number | 'refused')[];
  /** Resolves when nobody listens any more. */
  readonly refused: Promise<void>;
  readonly stop: () => void;
}

/** Asks /readyz over a new connection each time, as a balancer does. */
function watchReadiness(url: string): Watched {
  const answers: (number | 'refused')[] = [];
  const stopping = new AbortController();
  let onRefused = (): void => undefined;
  const refused = new Promise<void>((resolve) => (onRefused = resolve));
  const ask = (): Promise<number | 'refused'> =>
    new Promise((resolve) => {
      const asked = request(`${url}/readyz`, { agent: false, timeout: 2_000 }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      asked.on('error', () => {
        resolve('refused');
      });
      asked.end();
    });
  void (async () => {
    while (!stopping.signal.aborted) {
      const answer = await ask();
      answers.push(answer);
      if (answer === 'refused') onRefused();
      await wait(20);
    }
  })();
  return {
    answers,
    refused,
    stop: () => {
      stopping.abort();
    },
  };
}

async function driveAndStop(service: ServiceProcess, payments: Payments) {
  const url = `${service.url}/callbacks/${payments.channel.name}`;
  const acknowledged = new Set<number>();
  const seen: Seen[] = [];
  let next = 0;
  let stopping: Promise<number | string> | undefined;
  const readiness = watchReadiness(service.url);
  const call = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (;;) {
      // Round and round, so that the load does not end before the process does.
      const index = next++ % PAYMENTS;
      const one = await post(agent, url, payments.callbacks[index]!);
      seen.push(one);
      if (one.kind === 'answered' && one.status < 300) acknowledged.add(index);
      if (acknowledged.size > PAYMENTS / 4) stopping ??= service.end('SIGTERM');
      if (one.kind !== 'answered') break;
    }
    agent.destroy();
  };
  try {
    await Promise.all(Array.from({ length: CALLERS }, call));
    const code = await stopping;
    // The callers may have seen that nobody listens before the one that asks now and then.
    await readiness.refused;
    return { acknowledged, seen, code, readiness: readiness.answers };
  } finally {
    readiness.stop();
  }
}

it.each(['all', 'http'])('ROLE=%s answers everything that it has taken, and ends with 0', async (role) => {
  const { env, look } = serviceSetup({
    DATABASE_URL: databaseUrl,
    TRANSACTION_DEADLINE_MS: '2000',
    // A busy machine is no reason to tell a bank to come again, nor to miss that the process is not ready.
    ANSWER_BUDGET_MS: '30000',
    DRAIN_DELAY_MS: '2000',
    ROLE: role,
  });
  const service = await start(env);
  const world = await look(databaseUrl);
  const payments = await preparePayments(world, PAYMENTS);
  const { acknowledged, seen, code, readiness } = await driveAndStop(service, payments);

  expect(seen.filter((one) => one.kind === 'cut')).toEqual([]);
  expect(seen.filter((one) => one.kind === 'not_taken').length).toBe(CALLERS);
  expect(new Set(seen.map((one) => (one.kind === 'answered' ? one.status : 204)))).toEqual(new Set([204]));
  // Each connection was told with its last answer that it is the last.
  expect(seen.filter((one) => one.kind === 'answered' && one.isLast).length).toBeGreaterThanOrEqual(CALLERS);
  expect(code).toBe(0);
  const [unready, refused] = [readiness.indexOf(503), readiness.indexOf('refused')];
  expect(unready).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(unready);

  const lost = await world.query<{ count: string }>(
    `select count(*) from unnest($1::text[]) as k(reference)
      where not exists (select 1 from orders.receipts r
                         where r.provider_reference = k.reference and r.status in ('decided', 'settled'))`,
    [[...acknowledged].map((index) => payments.references[index])],
  );
  expect(lost).toEqual([{ count: '0' }]);

  const again = await start({ ...env, ROLE: 'all' });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const url = `${again.url}/callbacks/${payments.channel.name}`;
  const rest = payments.callbacks.filter((_, index) => !acknowledged.has(index));
  expect((await Promise.all(rest.map((one) => post(agent, url, one)))).every((one) => one.kind === 'answered')).toBe(
    true,
  );
  agent.destroy();
  await world.quiet(120_000);
  await mustBeCreditedOnce(world, payments, payments.callbacks.keys());
  await mustAddUp(world, payments);
  await world.stop();
  const audit = runCommand(['audit'], { env });
  expect([await audit.ended(), audit.output()]).toEqual([0, expect.any(String)]);
  await expect(again.end('SIGTERM')).resolves.toBe(0);
});

it('ROLE=worker says that it is not ready, and ends with 0', async () => {
  const { env } = serviceSetup({ DATABASE_URL: databaseUrl, ROLE: 'worker', DRAIN_DELAY_MS: '3000' });
  const service = await start(env);
  const readiness = watchReadiness(service.url);
  while (!readiness.answers.includes(200)) await wait(20);
  await expect(service.end('SIGTERM')).resolves.toBe(0);
  readiness.stop();
  expect(readiness.answers).toContain(503);
});
