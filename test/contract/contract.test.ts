import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiDocument, readDocument } from '../support/api-document';
import { type Answered, whatIsUndocumented } from '../support/documented-answers';
import { PATIENT } from '../support/scenario';
import { type World, startWorld } from '../support/world';
import type { ContractCase } from './contract-case';

/**
 * Every case of every concept is called, and its answer held against the document: a status that it gives for the
 * operation, with the headers, the content type and the body that it describes, and nothing more than that.
 */
const cases = readdirSync(__dirname)
  .filter((file) => file.endsWith('.cases.ts'))
  .flatMap((file) => jest.requireActual<{ cases: readonly ContractCase[] }>(join(__dirname, file)).cases);

let world: World;
let document: ApiDocument;

beforeAll(async () => {
  world = await startWorld(PATIENT);
  document = readDocument((await world.http.get('/openapi.json')).body);
});
afterAll(async () => {
  await world.settled();
  await world.mustBeSound();
  await world.stop();
});

it.each(cases.map((one) => [`${one.operation}: ${one.about} (${one.status})`, one] as const))(
  '%s',
  async (_name, { operation, status, call }) => {
    const answer = await call(world);
    expect([answer.status, answer.status === status ? '' : answer.text]).toEqual([status, '']);
    expect(whatIsUndocumented(document, operation, answer)).toEqual([]);
  },
);

it('every operation has a case that succeeds and one that is a problem', () => {
  const missing = document.operations.flatMap(({ id, described }) => {
    const statuses = cases.filter((one) => one.operation === id).map((one) => one.status);
    const mayFail = Object.keys(described.responses).some((status) => /^(400|401|404)$/.test(status));
    return [
      ...(statuses.some((status) => status < 300) ? [] : [`${id} has no case that succeeds`]),
      ...(statuses.some((status) => status >= 400) || !mayFail ? [] : [`${id} has no case that is a problem`]),
    ];
  });
  expect(missing).toEqual([]);
});

it('no case is of an operation that there is not', () => {
  const ids = document.operations.map((operation) => operation.id);
  expect(cases.map((one) => one.operation).filter((id) => !ids.includes(id))).toEqual([]);
});

it('finds a property, a header, a code and a status that the document does not know', async () => {
  const answer = await world.http.get('/admin/merchants').set('Authorization', 'Bearer wrong');
  const { status, headers, body, text } = answer;
  const changed = (changes: object): Answered => ({ status, headers, body, text, ...changes });
  expect(whatIsUndocumented(document, 'listMerchants', changed({}))).toEqual([]);
  const surprises = [
    { body: { ...body, more: 1 } },
    { body: { ...body, code: 'forbidden' } },
    { body: { ...body, title: undefined } },
    { headers: { ...headers, 'x-request-id': undefined } },
    { headers: { ...headers, 'content-type': 'text/html' } },
    { status: 418 },
  ];
  for (const surprise of surprises)
    expect(whatIsUndocumented(document, 'listMerchants', changed(surprise))).toHaveLength(1);
});
