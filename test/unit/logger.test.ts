import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { showError, withoutSecrets } from '../../src/log-format';
import { capturedLog } from '../support/captured-log';

describe('what is secret', () => {
  it.each([
    'authorization',
    'Proxy-Authorization',
    'set-cookie',
    'password',
    'operator_token',
    'secret',
    'endpoint_secret',
    'api_key',
    'idempotency-key',
    'keys',
    'sealed_secret',
    'webhook-signature',
    'stripe-signature',
    'body',
    'payload',
  ])('is not said of a field named %s, however deep', (name) => {
    const shown = JSON.stringify(withoutSecrets({ [name]: 'hidden', a: [{ b: { [name]: { c: 'hidden' } } }] }));
    expect(shown).not.toContain('hidden');
  });

  it('leaves what is not, and the line itself', () => {
    const line = { event: 'x', event_key: 'k', signature: 's', keyId: 'i', path: '/tokens', nested: { order: 'o' } };
    expect(withoutSecrets(line)).toEqual(line);
    const flat = { event: 'x', order: 'o', amount: '1.00' };
    expect(withoutSecrets(flat)).toBe(flat);
    const secret = { secret: 's', other: 1 };
    withoutSecrets(secret);
    expect(secret).toEqual({ secret: 's', other: 1 });
  });

  it('survives what cannot be written', () => {
    const circle: Record<string, unknown> = { at: new Date(0), bytes: Buffer.from('hidden') };
    circle['self'] = circle;
    const { logger, text } = capturedLog();
    logger.info(circle, 'a circle');
    expect(text()).not.toContain('hidden');
    expect(text()).toContain('1970-01-01');
  });
});

it('an error says what it is, its causes and nothing that a driver put beside it', () => {
  const inner = Object.assign(new TypeError('inner'), { code: 'ECONNRESET', address: 'hidden' });
  const error = Object.assign(new Error('outer', { cause: new AggregateError([inner, inner], 'two') }), {
    code: '23514',
    constraint: 'poison',
    detail: 'Failing row contains (hidden)',
    request: { headers: { authorization: 'hidden' } },
  });
  expect(showError(error)).toMatchObject({
    type: 'Error',
    message: 'outer',
    code: '23514',
    constraint: 'poison',
    cause: { type: 'AggregateError', errors: [{ type: 'TypeError', code: 'ECONNRESET' }, { type: 'TypeError' }] },
  });
  expect(JSON.stringify(showError(error))).not.toContain('hidden');
  expect([showError('text'), showError({ secret: 'hidden' }), showError(undefined)]).toEqual([
    'text',
    'thrown: object',
    'thrown: undefined',
  ]);
});

/** Writes a megabyte into a log that nobody reads, says that it goes on, and ends when it is told to. */
const WRITER = `
  const { createLogger, logWritten } = require(${JSON.stringify(join(__dirname, '..', '..', 'src', 'logger.ts'))});
  const logger = createLogger('info');
  for (let line = 0; line < 5000; line += 1) logger.info({ line, filler: 'x'.repeat(200) }, 'line');
  setTimeout(() => process.send('goes on'), 50);
  process.on('message', (how) => {
    if (how === 'fatal') logger.fatal({ last: true }, 'the end');
    else logger.info({ last: true }, 'the end');
    void logWritten(logger).then(() => process.exit(0));
  });`;

it.each(['info', 'fatal'])(
  'a reader that pauses stops nobody, and gets every line when the process ends (%s)',
  async (how) => {
    const child = spawn(process.execPath, ['--import', require.resolve('tsx'), '-e', WRITER], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const ended = once(child, 'close');
    // Nobody has read anything yet, and far more is written than a pipe holds.
    expect((await once(child, 'message'))[0]).toBe('goes on');
    const chunks: Buffer[] = [];
    child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.send(how);
    expect((await ended)[0]).toBe(0);
    const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
    expect(lines).toHaveLength(5_001);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ last: true });
  },
);
