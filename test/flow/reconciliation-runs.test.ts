import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mortalDatabases } from '../support/crash-points';
import {
  HEADER,
  counts,
  csv,
  day,
  ended,
  everyRunEnded,
  handIn,
  incidentsOf,
  pool,
  reconcile,
  setMapping,
} from '../support/statements';
import { holdableClaims } from '../support/holdable-claims';
import { type Channel, type Json, type Merchant, OPERATOR_TOKEN, type World, startWorld } from '../support/world';

let world: World;
let merchant: Merchant;
let channel: Channel;
const folder = mkdtempSync(join(tmpdir(), 'quittance-statements-'));
const claims = holdableClaims('orders.statement_runs');
beforeAll(async () => {
  world = await startWorld({ reconciliationDir: folder, around: claims.around });
  merchant = await world.merchant();
});
beforeEach(async () => {
  channel = await world.channel();
  await setMapping(world, channel);
});
afterEach(async () => {
  claims.letGo();
  await world.quiet();
  await world.mustBeSound();
});
afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Day {
  readonly file: string;
  readonly lost: Json;
}

/** What each of these days must come to, whatever happens to the processes that look at it. */
const EXPECTED = { matched: 1, amount_difference: 1, recovered: 1, waiting_at_bank: 1, not_money: 1 };

async function someDay(on: Channel): Promise<Day> {
  const pay = async (amount: string): Promise<{ ours: string; theirs: string }> => {
    const order = await world.order(merchant, { amount });
    const theirs = `pay${randomBytes(8).toString('hex')}`;
    await world.send(on, world.paid(on, order, { providerReference: theirs }));
    return { ours: order.payment_reference, theirs };
  };
  const [fine, wrong] = [await pay('10.00'), await pay('20.00')];
  await pay('30.00');
  const lost = await world.order(merchant, { amount: '40.00' });
  const file = csv([
    { ...fine, amount: '10.00' },
    { ...wrong, amount: '20.01' },
    { ours: lost.payment_reference, theirs: `lost${on.name}`, amount: '40.00' },
    { theirs: `failed${on.name}`, amount: '1', status: 'FAILED' },
  ]);
  return { file, lost };
}

async function mustHaveComeOut(on: Channel, { file, lost }: Day): Promise<void> {
  const run = await reconcile(world, on, file);
  expect({ status: run.status, counts: counts(run) }).toEqual({ status: 'done', counts: EXPECTED });
  await world.quiet();
  expect((await world.v1(merchant, 'get', `/orders/${lost.id}`)).status).toBe('paid');
  expect(await pool(world, on)).toHaveLength(1);
  const incidents = await incidentsOf(world, 'reconciliation_amount_difference');
  const own = incidents.filter((one) => one.facts.channel === on.name);
  expect(own.map((one) => one.times_seen)).toEqual([1]);
  const [{ lines }] = (await world.query<{ lines: string }>(
    `select count(*) as lines from orders.statement_lines l join orders.statement_runs r on r.id = l.run_id
      where r.channel_id = (select id from orders.channels where name = $1)`,
    [on.name],
  )) as [{ lines: string }];
  expect(lines).toBe('4');
}

/** Nobody waits for the lease of a process that is dead. */
const expireLeases = (): Promise<unknown> =>
  world.query(
    `update orders.statement_runs set next_try_at = clock_timestamp() - interval '1 second'
      where status in ('receiving', 'staged', 'matching')`,
  );

describe('a run of the reconciliation', () => {
  it('answers the same file with its first run, and takes what was quarantined again', async () => {
    const { file } = await someDay(channel);
    const first = await reconcile(world, channel, file);
    const again = await handIn(world, channel, file);
    expect(again.body).toMatchObject({ duplicate: true, run: { id: first.id, status: 'done' } });
    const other = await world.channel();
    expect((await handIn(world, other, file)).body).toMatchObject({ code: 'no_statement_mapping' });
    const broken = await reconcile(world, channel, `${HEADER}\n`, { expect_count: '1' });
    expect(broken).toMatchObject({ status: 'quarantined', lines: 0, reasons: [{ line: null }] });
    const mended = await reconcile(world, channel, `${HEADER}\n`);
    expect(mended).toMatchObject({ status: 'done', lines: 0 });
    expect(mended.id).not.toBe(broken.id);
    const [incident] = (await incidentsOf(world, 'reconciliation_statement_quarantined')).filter(
      (one) => one.facts.channel === channel.name,
    );
    expect(incident).toMatchObject({ status: 'resolved', facts: { reason: '1 lines were expected, there are 0' } });
  });

  it('quarantines a file whole: not a line of it stays, and nothing came of those that were right', async () => {
    const order = await world.order(merchant);
    const lines = Array.from({ length: 12_000 }, (_, nth) => ({ theirs: `q${nth}${channel.name}`, amount: '1.00' }));
    const right = { ours: order.payment_reference, theirs: `right${channel.name}`, amount: '100.00' };
    const run = await reconcile(world, channel, csv([right, ...lines, { theirs: 'x', amount: 'much' }]));
    expect(run).toMatchObject({
      status: 'quarantined',
      reasons: [{ line: 12_003, reason: '"much" is not an amount' }],
      totals: [],
    });
    const [left] = await world.query<{ count: string }>(
      'select count(*) from orders.statement_lines where run_id = $1::uuid',
      [run.id.slice(4)],
    );
    expect(left).toEqual({ count: '0' });
    expect((await world.v1(merchant, 'get', `/orders/${order.id}`)).status).toBe('open');
  });

  it('reads a file by a mapping that is given for it alone', async () => {
    const order = await world.order(merchant, { amount: '7.00' });
    const file = `${order.payment_reference};${channel.name}-7;700\n`;
    const mapping = {
      header: false,
      delimiter: ';',
      units: 'minor',
      currency: 'USD',
      columns: { payment_reference: 1, provider_reference: 2, amount: 3 },
    };
    const run = await reconcile(world, channel, file, { mapping: JSON.stringify(mapping) });
    expect(counts(run)).toEqual({ recovered: 1 });
    const wrong = await handIn(world, channel, file, { mapping: JSON.stringify({ ...mapping, units: 'pounds' }) });
    expect(wrong.status).toBe(400);
  });

  it('refuses what is not CSV by its type, what is compressed, and what is nobody’s', async () => {
    const send = (type: string, encoding?: string) => {
      const sent = world.http
        .post(`/admin/reconciliation/statements?channel=${channel.name}&date=${day()}`)
        .set('Authorization', `Bearer ${OPERATOR_TOKEN}`)
        .set('Content-Type', type);
      return (encoding === undefined ? sent : sent.set('Content-Encoding', encoding)).send('x');
    };
    expect((await send('application/json')).status).toBe(415);
    expect((await send('text/csv', 'gzip')).status).toBe(415);
    const nobody = await world.http.post('/admin/reconciliation/statements').set('Content-Type', 'text/csv').send('x');
    expect(nobody.status).toBe(401);
    expect((await handIn(world, channel, 'x', { date: '2026-02-30' })).status).toBe(400);
    expect((await handIn(world, channel, 'x', { channel: 'nobody' })).status).toBe(404);
  });

  it('answers an upload without end as soon as it is wrong, and lets its sender go', async () => {
    const server = createServer(world.wired.app).listen(0);
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve, reject) => {
      const sent = request({
        port,
        method: 'POST',
        path: `/admin/reconciliation/statements?channel=${channel.name}&date=${day()}`,
        headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'text/csv' },
      });
      let isOver = false;
      sent.once('response', (response) => {
        isOver = true;
        response.setEncoding('utf8').once('data', (text: string) => {
          resolve(text);
          sent.destroy();
        });
      });
      sent.on('error', (error) => {
        if (!isOver) reject(error);
      });
      const row = `${'"x",y,1\n'.repeat(2_000)}"`;
      const more = (): void => {
        while (!isOver && sent.write(row));
        if (!isOver) sent.once('drain', more);
      };
      more();
    });
    expect(answer).toContain('"status":"quarantined"');
    await new Promise((resolve) => server.close(resolve));
  });

  it('is quarantined where its sender breaks off', async () => {
    const server = createServer(world.wired.app).listen(0);
    const { port } = server.address() as AddressInfo;
    const sent = request({
      port,
      method: 'POST',
      path: `/admin/reconciliation/statements?channel=${channel.name}&date=${day()}`,
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'text/csv' },
    });
    sent.on('error', () => undefined);
    sent.write(`${HEADER}\n,A,1,,USD,PAID`);
    const becomes = async (status: string): Promise<Json> => {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const { data } = await world.admin('get', `/reconciliation/runs?channel=${channel.name}`);
        if (data[0]?.status === status) return data[0];
        if (Date.now() > deadline) throw new Error(JSON.stringify(data));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await becomes('receiving');
    sent.destroy();
    const run = await becomes('quarantined');
    expect(run.reasons).toEqual([{ line: null, reason: 'the file broke off before its end' }]);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('two processes', () => {
  it('take the same file in at once, and do everything once', async () => {
    const other = await startWorld({ on: { test: world.test, masterKey: world.masterKey }, working: false });
    const theDay = await someDay(channel);
    const answers = await Promise.all([world, other, world, other].map((one) => handIn(one, channel, theDay.file)));
    expect(new Set(answers.map((answer) => answer.body.run.id)).size).toBe(1);
    expect(answers.filter((answer) => answer.body.duplicate === false)).toHaveLength(1);
    await Promise.all([world.wired.reconcile(), other.wired.reconcile()]);
    await ended(world, answers[0]!.body.run.id);
    await mustHaveComeOut(channel, theDay);
    await other.stop();
  });

  const POINTS = Array.from({ length: 11 }, (_, index) => index + 1).flatMap((commit) =>
    (['before', 'after'] as const).map((side) => ({ commit, side })),
  );

  it.each(POINTS)('finish what one of them left $side its commit $commit', async ({ commit, side }) => {
    // The sweep of the other process would take the run away from the one that is to die with it.
    claims.hold();
    const theDay = await someDay(channel);
    const mortal = mortalDatabases(world.test.databases, { schema: 'orders', commit, side });
    const dying = await startWorld({
      on: { test: world.test, masterKey: world.masterKey },
      working: false,
      reconciliationDatabase: mortal.databases.orders,
    });
    const answer = handIn(dying, channel, theDay.file).catch(() => undefined);
    const cameToItsEnd = async (): Promise<boolean> => {
      const run = (await answer)?.body.run;
      await ended(world, run.id);
      // After its last commit it has still to hear of it.
      return new Promise<boolean>((resolve) => setTimeout(resolve, 1_000, false));
    };
    const died = await Promise.race([mortal.stopped.then(() => true), cameToItsEnd()]);
    expect(died).toBe(commit <= COMMITS);
    claims.letGo();
    await expireLeases();
    await world.wired.reconcile();
    await mustHaveComeOut(channel, theDay);
    // What was stopped for a long time goes on, and finds that it is late.
    mortal.goOn();
    await answer;
    await dying.stop();
    await mustHaveComeOut(channel, theDay);
  });

  /** Of a run with one page of everything: taken in with three, matched with seven. */
  const COMMITS = 10;
});

describe('the day’s work', () => {
  it('takes in the files of the folder once, marks them, and quarantines what is wrong', async () => {
    const theDay = await someDay(channel);
    const own = join(folder, channel.name);
    mkdirSync(own);
    mkdirSync(join(folder, 'nobody'));
    const [today, yesterday] = [day(), day(1)];
    writeFileSync(join(own, `${today}.csv`), theDay.file);
    writeFileSync(join(own, `${today}.again.csv`), theDay.file);
    writeFileSync(join(own, `${yesterday}.csv`), 'rubbish');
    writeFileSync(join(own, 'notes.txt'), 'none of ours');
    writeFileSync(join(folder, 'nobody', `${today}.csv`), theDay.file);
    await Promise.all([world.wired.reconcile(), world.wired.reconcile()]);
    expect(readdirSync(own).sort()).toEqual(
      [`${today}.again.csv.done`, `${today}.csv.done`, `${yesterday}.csv.quarantined`, 'notes.txt'].sort(),
    );
    expect(readdirSync(join(folder, 'nobody'))).toEqual([`${today}.csv`]);
    await mustHaveComeOut(channel, theDay);
  });

  it('finds what is past due without any statement', async () => {
    await someDay(channel).then(({ file }) => reconcile(world, channel, file));
    await world.query(
      `update orders.reconciliation_pool set due_at = clock_timestamp() - interval '1 second'
        where channel_id = (select id from orders.channels where name = $1)`,
      [channel.name],
    );
    await world.wired.reconcile();
    // What the sweep has taken up is none of its work.
    await everyRunEnded(world);
    expect(await pool(world, channel)).toMatchObject([{ side: 'ours', status: 'overdue' }]);
    const { data } = await world.admin('get', `/reconciliation/runs?channel=${channel.name}&limit=1`);
    expect(data).toMatchObject([{ kind: 'examination', status: 'done', differences: 1 }]);
  });
});
