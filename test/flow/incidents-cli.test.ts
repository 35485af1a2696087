import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { createProgram } from '../../src/cli';
import { PATIENT } from '../support/scenario';
import { OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/** What an operator types. */
let world: World;
const server = createServer((req, res) => {
  world.wired.app(req, res);
});
const variables = { ...process.env };

beforeAll(async () => {
  world = await startWorld(PATIENT);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['QUITTANCE_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env['QUITTANCE_OPERATOR_TOKEN'] = OPERATOR_TOKEN;
  process.env['QUITTANCE_MASTER_KEY'] = world.masterKey.toString('base64');
  process.env['DATABASE_URL'] = world.test.urls.orders;
});
afterAll(async () => {
  process.env = variables;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await world.quiet();
  await world.mustBeSound();
  await world.stop();
});

async function quittance(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    await createProgram().parseAsync(['node', 'quittance', ...words]);
  } finally {
    write.mockRestore();
  }
  return lines.join('');
}

it('lists, shows, assigns, notes, resolves and reopens incidents', async () => {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const order = await world.order(merchant);
  await world.send(channel, world.paid(channel, order, { amount: '1.00' }));
  const [{ id }] = JSON.parse(await quittance('incidents', 'list', '--order', order.id, '--unassigned', '--json'));
  expect(await quittance('incidents', 'list', '--severity', 'high')).toContain(id);
  await quittance('incidents', 'assign', id);
  await expect(quittance('incidents', 'assign', id, 'bob')).rejects.toThrow(/incident_assigned: operator has it/);
  expect(await quittance('incidents', 'assign', id, 'bob', '--take-over', '--field', 'assignee')).toBe('bob\n');
  await quittance('incidents', 'note', id, '--note', 'the bank was asked');
  await quittance('incidents', 'resolve', id, '--note', 'paid back');
  await quittance('incidents', 'reopen', id, '--note', 'it was not');
  await quittance('incidents', 'unassign', id);
  const shown = await quittance('incidents', 'show', id);
  for (const part of ['received', `timeline ${order.id}`, 'the service', 'the bank was asked', 'reopened']) {
    expect(shown).toContain(part);
  }
  expect(JSON.parse(await quittance('incidents', 'show', id, '--json')).history).toHaveLength(7);
  await expect(quittance('incidents', 'resolve', id, '--kind', 'late_payment', '--note', 'x')).rejects.toThrow(
    /name one/,
  );
  const before = new Date(Date.now() + 60_000).toISOString();
  const many = ['incidents', 'resolve', '--kind', 'amount_mismatch', '--before', before, '--note', 'all of them'];
  expect(await quittance(...many, '--field', 'resolved')).toBe('1\n');
  expect(await quittance(...many, '--field', 'resolved')).toBe('0\n');
});

it('explains a kind, and says which there are', async () => {
  expect(await quittance('incidents', 'explain', 'late_payment')).toMatch(/^late_payment\n[\s\S]*What to do\./);
  await expect(quittance('incidents', 'explain', 'bad_luck')).rejects.toThrow(/there is no kind "bad_luck"; there are/);
});

it('lists what operators did, shows one, and verifies the chain', async () => {
  const merchant = await world.merchant();
  const rows = JSON.parse(await quittance('operator-actions', 'list', '--subject', merchant.id, '--json'));
  expect(rows).toHaveLength(2);
  expect(await quittance('operator-actions', 'list', '--limit', '3')).toContain(rows[0].id);
  expect(await quittance('operator-actions', 'show', rows[0].id)).toContain('api-keys');
  expect(await quittance('operator-actions', 'verify')).toMatch(
    /^The chain holds: \d+ records, head \d+:[0-9a-f]{64}\.\n$/,
  );
});
