import { OPERATIONS_DEFAULTS } from '../../src/config-operations';
import { readDocument } from '../support/api-document';
import { type CapturedLog, capturedLog } from '../support/captured-log';
import { type RaisedFault, raiseFault } from '../support/raised-faults';
import { PATIENT, gidOf, hurry, settledInAHurry as settled, until } from '../support/scenario';
import { type Session, openSession } from '../support/session';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** What operators of dtm ask for: to see what is going on, what is stuck and why. */
const SCRAPER = 'only-for-the-scraper-of-tests';
/** Whoever is refused may ask again: the test asks more often than a guesser may. */
const OPERATIONS = {
  metricsToken: SCRAPER,
  limits: { ...OPERATIONS_DEFAULTS.limits, failedAuthenticationsPerMinute: 0 },
};
let world: World;
let log: CapturedLog;
let session: Session;
let merchant: Merchant;
let channel: Channel;

beforeAll(async () => {
  log = capturedLog('warn');
  world = await startWorld({ ...PATIENT, logger: log.logger, operations: OPERATIONS });
  session = await openSession(world.test.urls.orders);
  [merchant, channel] = [await world.merchant(), await world.channel()];
});
afterEach(async () => {
  await settled(world);
  await world.mustBeSound();
});
afterAll(async () => {
  await session.end();
  await world.stop();
});

const pay = async (): Promise<Json> => {
  const one = await world.order(merchant);
  await world.send(channel, world.paid(channel, one)).expect(204);
  return one;
};
const confirmFails = (): Promise<RaisedFault> =>
  raiseFault((text) => session.run(text), {
    table: 'accounts.holds',
    on: 'update',
    when: `new.status = 'confirmed'`,
  });
const transactionOf = async (one: Json): Promise<Json> =>
  world.admin('get', `/transactions/gtx_${await gidOf(world, one)}`);

it('one transaction can be queried, with its branches, and all can be listed by their status', async () => {
  const one = await pay();
  await settled(world);
  const { data } = await world.admin('get', '/transactions?status=confirmed');
  const [listed] = data;
  expect(await world.admin('get', `/transactions/${listed.id}`)).toMatchObject({
    id: listed.id,
    order: one.id,
    status: 'confirmed',
    branches: [{ participant: 'accounts', legs: [{ direction: 'in', amount: '100.00' }] }],
  });
  const open = await world.admin('get', '/transactions?ended=false');
  expect(open.data).toEqual([]);
});

it('retry counts, the next retry and the last error are visible', async () => {
  const failing = await confirmFails();
  const one = await pay();
  for (let round = 0; round < 3; round += 1) await hurry(world);
  const { data } = await world.admin('get', '/transactions?ended=false');
  expect(data).toMatchObject([{ order: one.id, status: 'confirming', last_error: 'a fault of the test' }]);
  expect(data[0].attempts).toBeGreaterThanOrEqual(3);
  expect(Date.parse(data[0].next_try_at)).not.toBeNaN();
  await failing.heal();
});

it('work that is stuck is visible and alerts: an incident, a metric and a line in the log say so', async () => {
  const failing = await confirmFails();
  const one = await pay();
  await until('it is stuck', async () => {
    await hurry(world);
    return (await world.incidents()).includes('phase_two_stuck');
  });
  const { data } = await world.admin('get', '/incidents?kind=phase_two_stuck');
  expect(data).toMatchObject([{ status: 'open', facts: { status: 'confirming', error: 'a fault of the test' } }]);
  expect(Number(data[0].facts.attempts)).toBeGreaterThanOrEqual(8);
  const { text } = await world.http.get('/metrics').set('Authorization', `Bearer ${SCRAPER}`);
  expect(text).toMatch(/^quittance_incidents_open\{.*kind="phase_two_stuck".*\} 1$/m);
  const lines = log.lines().filter(({ event, kind }) => event === 'incident.reported' && kind === 'phase_two_stuck');
  expect(lines[0]).toMatchObject({ transaction: data[0].transaction });
  await failing.heal();
  await settled(world);
  expect(await world.v1(merchant, 'get', `/orders/${one.id}`)).toMatchObject({ status: 'paid' });
  expect(await transactionOf(one)).toMatchObject({ status: 'confirmed', last_error: null });
});

it('the admin API is not open to the world: without the operator’s token nothing of it answers', async () => {
  const document = readDocument((await world.http.get('/openapi.json').expect(200)).body);
  const operations = document.operations.filter(({ path }) => path.startsWith('/admin'));
  expect(operations.length).toBeGreaterThan(50);
  for (const { method, path } of operations) {
    const answer = await world.http[method](path.replace(/\{[^}]+\}/g, 'x'));
    expect([method, path, answer.status]).toEqual([method, path, 401]);
  }
  for (const token of [merchant.key, 'operator', SCRAPER]) {
    await world.http.get('/admin/incidents').set('Authorization', `Bearer ${token}`).expect(401);
  }
});
