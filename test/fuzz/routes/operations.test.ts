import fc from 'fast-check';
import { type ApiDocument, type DocumentedOperation, operationsAt, readDocument } from '../../support/api-document';
import { type AttackedService, startAttackedService } from '../../support/attacked-service';
import { whatIsUndocumented } from '../../support/documented-answers';
import { type RawAnswer, type RawConnection, openRaw } from '../../support/raw-http';
import { createStandardWebhooksBank, createStripeBank } from '../../support/vendor-callbacks';
import { type ApiFacts, finishWork, prepareFacts } from '../support/api-facts';
import { type Attempt, type BuiltRequest, attempt, buildRequest } from '../support/api-requests';
import { fuzz, PATIENCE_MS } from '../support/fuzzing';
import { changeJson, hostileText, jsonChange } from '../support/json-mutations';

/**
 * Every operation of the API's document, called with what nobody should send: it is answered, soon, below 500, as the document
 * says, and a request that is refused has changed nothing. The service is a process of its own with little memory. An
 * operation that is added is in the document, and so is called as well.
 */
jest.setTimeout(PATIENCE_MS);

/** Not how fast it is: what takes longer hangs. */
const HANGS_AFTER_MS = 5_000;
/** Its heap may grow to this; whatever is kept of requests ends the process. */
const HEAP_MIB = 128;
const MAY_GROW_BY_MIB = 192;
/**
 * What operators do is recorded, and keys are kept, also where the request is refused; who reads the books of a time makes sure that
 * nothing is posted before it any more.
 */
const WRITTEN_ANYWAY = ['orders.operator_actions', 'orders.idempotency_keys', 'accounting.horizon'];

let service: AttackedService;
let document: ApiDocument;
let facts: ApiFacts;
let connection: RawConnection | undefined;

beforeAll(async () => {
  service = await startAttackedService({
    ROLE: 'http',
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
    RATE_LIMIT_FAILED_AUTHENTICATIONS_PER_MINUTE: '0',
    RATE_LIMIT_REFUSED_CALLBACKS_PER_MINUTE: '0',
  });
  document = readDocument(await (await fetch(`${service.url}/openapi.json`)).json());
  facts = await prepareFacts(service, document);
});
afterAll(async () => {
  connection?.socket.destroy();
  await service.close();
});
afterEach(() => {
  service.mustBeWell();
});

/** One request after the other over one connection, until it is closed. */
async function call({ bytes }: BuiltRequest): Promise<RawAnswer> {
  const { send, answer, socket } = (connection ??= await openRaw(service.url, { patienceMs: HANGS_AFTER_MS }));
  let isOver = true;
  try {
    send(bytes);
    let answered = await answer();
    while (answered.status < 200) answered = await answer();
    isOver = /close/i.test(answered.headers['connection'] ?? '');
    return answered;
  } finally {
    if (isOver) {
      socket.destroy();
      connection = undefined;
    }
  }
}

/** What is wrong with an answer, whatever the request was. */
function whatIsWrong(request: BuiltRequest, made: Attempt, answer: RawAnswer): readonly string[] {
  const wrong: string[] = [];
  if (answer.status >= 500) wrong.push(`it answered ${answer.status}: ${answer.text}`);
  const at = operationsAt(document, request.method, request.target);
  const undocumented = at.map(({ id }) => whatIsUndocumented(document, id, answer));
  if (at.length === 0) {
    const invalid = document.validate('/components/schemas/Problem', answer.body);
    if (answer.status < 400 || invalid !== undefined)
      wrong.push(`no operation, and ${answer.status}: ${invalid ?? ''}`);
  } else if (!undocumented.some((what) => what.length === 0)) wrong.push(...undocumented.flat());
  if (/\\u[dD][89a-fA-F]/.test(answer.text)) wrong.push(`half a character in ${answer.text}`);
  if (/node_modules|\.ts:\d|\bat \w+ \(|\bselect .* from /i.test(answer.text)) wrong.push(`it tells ${answer.text}`);
  const isUninvited = made.caller !== 'right' && facts.tokenOf('right', at[0] ?? NO_OPERATION) !== undefined;
  const shown = isUninvited
    ? facts.secrets.filter((id) => answer.text.includes(id) && !request.bytes.includes(id))
    : [];
  if (shown.length > 0) wrong.push(`a stranger is shown ${shown.join(' and ')}`);
  return wrong;
}

const NO_OPERATION = { path: '' } as DocumentedOperation;

/** Sends these requests, each of which must be answered as it should. @returns whether all of them were refused */
async function sendAll(operation: DocumentedOperation, attempts: readonly Attempt[]): Promise<boolean> {
  let refused = 0;
  for (const made of attempts) {
    const request = buildRequest(document, operation, facts, made);
    const answer = await call(request);
    const wrong = whatIsWrong(request, made, answer);
    if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\nto ${request.bytes.toString('latin1', 0, 800)}`);
    if (answer.status >= 400) refused += 1;
  }
  return refused === attempts.length;
}

const callsOthers = ({ id }: DocumentedOperation): boolean => /^ping/i.test(id);

/** A few requests at a time: where all of them are refused, nothing has changed. */
async function attack(operation: DocumentedOperation, runs: number): Promise<void> {
  const changesNothing = operation.method === 'get';
  let before = await service.state(WRITTEN_ANYWAY);
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 5, size: 'max' }), async (attempts) => {
      const refused = await sendAll(operation, attempts);
      const was = before;
      before = await service.state(WRITTEN_ANYWAY);
      if (refused || changesNothing) expect(before).toBe(was);
    }),
    fuzz(runs),
  );
}

test('whatever is sent to read something', async () => {
  for (const operation of document.operations.filter(({ method }) => method === 'get')) await attack(operation, 4);
});

test('whatever is sent to change something', async () => {
  const changing = document.operations.filter(({ method }) => method !== 'get');
  // What calls a merchant comes first, while merchants are where somebody refuses at once.
  const inOrder = [...changing].sort((a, b) => Number(callsOthers(b)) - Number(callsOthers(a)));
  for (const operation of inOrder) await attack(operation, 6);
});

test('whoever is not let in changes nothing at all, whatever he sends', async () => {
  const guarded = document.operations.filter((operation) => facts.tokenOf('right', operation) !== undefined);
  const before = await service.state();
  const uninvited = fc.tuple(
    fc.constantFrom(...guarded),
    attempt,
    fc.constantFrom('nobody' as const, 'forger' as const),
  );
  await fc.assert(
    fc.asyncProperty(uninvited, async ([operation, made, caller]) => {
      const headers = made.headers.filter(([name]) => name !== 'Authorization');
      const request = buildRequest(document, operation, facts, { ...made, caller, headers });
      const { status } = await call(request);
      // What can be refused without knowing who asks is refused without asking.
      expect([400, 401, 404, 413, 417]).toContain(status);
    }),
    fuzz(300),
  );
  expect(await service.state()).toBe(before);
});

test('whatever a bank has signed', async () => {
  const { world } = service;
  const banks = [createStandardWebhooksBank('v1'), createStripeBank()] as const;
  const channels = [await world.channel(banks[0]), await world.channel(banks[1])] as const;
  const merchant = await world.merchant();
  const order = await world.order(merchant);
  const id = hostileText.map((text) => `m${text.replace(/[^\x21-\x7e]/g, '').slice(0, 300)}`);
  const signed = fc.tuple(fc.nat(1), fc.nat(3), fc.array(jsonChange, { maxLength: 4 }), id);
  await fc.assert(
    fc.asyncProperty(signed, async ([nth, kind, changes, messageId]) => {
      const payment = { ...world.payment(channels[nth]!, order), providerReference: messageId };
      const genuine = [banks[nth]!.paid, banks[nth]!.failed, banks[nth]!.refund, banks[nth]!.other][kind]!(payment);
      const content = changeJson(JSON.parse(genuine.body.toString()), changes);
      const { headers, body } = nth === 0 ? banks[0].send(messageId, content) : banks[1].send(content);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      const head = `POST /callbacks/${channels[nth]!.name} HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}`;
      const answer = await call({
        ...{ method: 'post', target: '/callbacks/bank' },
        bytes: Buffer.concat([Buffer.from(`${head}\r\nContent-Length: ${body.length}\r\n\r\n`, 'latin1'), body]),
      });
      expect([body.toString(), whatIsUndocumented(document, 'receiveCallback', answer)]).toEqual([body.toString(), []]);
      // It waits for its order, or it is not of this account: no other failure is a bank's to see.
      if (answer.status >= 500) expect(answer.status).toBe(503);
    }),
    fuzz(120),
  );
});

test('the same requests again and again leave nothing behind', async () => {
  const answered = document.operations.filter((operation) => !callsOthers(operation));
  const some = fc.sample(fc.tuple(fc.constantFrom(...answered), attempt), { numRuns: 40, seed: 7 });
  const round = async (): Promise<void> => {
    for (const [operation, made] of some) await call(buildRequest(document, operation, facts, made));
  };
  await round();
  const { now } = service.memory();
  for (let nth = 0; nth < 8; nth += 1) await round();
  const large = `POST /callbacks/nobody HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n${'x'.repeat(250_000)}`;
  const sent = { method: 'post', target: '/callbacks/nobody', bytes: Buffer.from(large) };
  for (let nth = 0; nth < 1_000; nth += 1) expect((await call(sent)).status).toBe(404);
  expect(service.memory().now - now).toBeLessThan(MAY_GROW_BY_MIB);
});

test('what is left is in order', async () => {
  await finishWork(service.world);
  await service.world.mustBeSound();
});
