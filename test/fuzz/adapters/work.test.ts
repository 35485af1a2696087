import { PAYMENT } from '../../unit/channels/support';
import { PATIENCE_MS } from '../support/fuzzing';
import { SUBJECTS, verifyAs } from '../support/subjects';

/**
 * Work grows with the length of what is sent and not with its square: sixteen times the length may cost sixteen times the
 * work, and more than that for the noise of a busy machine, but nowhere near 256 times.
 */
jest.setTimeout(PATIENCE_MS);

/** A callback may have 256 KiB, and all of its headers 16 KiB. */
const SHORT_BODY = 16 * 1024;
const SHORT_HEADER = 1024;
const LONGER = 16;
const MOST = 80;
/** Below this the clock and the collector say more than the work does. */
const FLOOR_MS = 0.3;

const filled = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
const around = (before: string, piece: string, after: string) => (length: number) =>
  before + filled(piece, length) + after;

/** Shapes on which readers are known to go back and forth. */
const BODIES: Readonly<Record<string, (length: number) => string>> = {
  'open lists': around('', '[', ''),
  'open objects': around('', '{"a":', ''),
  'a long text': around('{"id":"', 'a', '"}'),
  escapes: around('{"id":"', '\\\\', '"}'),
  'a text without an end': around('"', '\\"', ''),
  'escaped characters': around('{"id":"', '\\u0041', '"}'),
  'many keys': (length) => `{${Array.from({ length: length / 10 }, (_, at) => `"k${at}":1`).join(',')}}`,
  'one key many times': around('{', '"a":1,', '"a":1}'),
  'a long number': around('{"n":', '9', '}'),
  'white space': around('', ' ', '{}'),
  'line feeds': around('{', '\n', '}'),
  'many items': around('{"live":"false","notificationItems":[', '{},', '{}]}'),
  'many wrapped items': around(
    '{"notificationItems":[',
    '{"NotificationRequestItem":{"additionalData":{"hmacSignature":"x"}}},',
    '{}]}',
  ),
  parameters: (length) => Array.from({ length: length / 8 }, (_, at) => `p${at}=1`).join('&'),
  ampersands: around('', '&', ''),
  equals: around('a', '=', ''),
  percent: around('sign=', '%41', '&a=b'),
  'bad percent': around('a=', '%4', ''),
  plus: around('sign=AAAA&a=', '+', ''),
  'a long sum': around('sign=AAAA&refund_fee=', '0', 'x'),
  'read parameters': around('sign=AAAA&z=', '%26trade_no%3D', ''),
};

/**
 * The least of a few runs, in milliseconds that this process had a processor: on a busy machine a long run is interrupted
 * again and again, and a short one is not.
 */
function shortest(run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const began = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1e3;
  });
  return Math.min(...times);
}

function mustGrowWithLength(from: number, verify: (length: number) => void): void {
  const short = Math.max(
    FLOOR_MS,
    shortest(() => {
      verify(from);
    }),
  );
  const long = shortest(() => {
    verify(from * LONGER);
  });
  expect(long / short).toBeLessThan(MOST);
}

describe.each(SUBJECTS.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  const { headers } = subject.bank.paid(PAYMENT);

  test.each(Object.entries(BODIES))('a body of %s', (_what, bodyOf) => {
    const bodies = new Map([SHORT_BODY, SHORT_BODY * LONGER].map((length) => [length, Buffer.from(bodyOf(length))]));
    mustGrowWithLength(SHORT_BODY, (length) => {
      expect(verifyAs(subject, { headers, body: bodies.get(length)! }).kind).toBe('refused');
    });
  });

  if (subject.headers.length === 0) return;

  test.each([
    ['commas', ','],
    ['spaces', ' '],
    ['signatures of Stripe', 'v1=a,'],
    ['times of Stripe', 't=1,'],
    ['signatures of Standard Webhooks', 'v1,a '],
    ['Ed25519 signatures', `v1a,${'A'.repeat(86)}== `],
    ['digits', '1'],
    ['base64', 'AAAA'],
    ['white space', '\t'],
  ])('headers of %s', (_what, piece) => {
    const { body } = subject.bank.paid(PAYMENT);
    for (const name of subject.headers) {
      mustGrowWithLength(SHORT_HEADER, (length) => {
        const value = filled(piece, length);
        expect(verifyAs(subject, { headers: { ...headers, [name]: value }, body }).kind).toBe('refused');
      });
    }
  });
});

test('a body of the largest size that is taken leaves nothing behind', () => {
  const bodies = Object.values(BODIES).map((bodyOf) => Buffer.from(bodyOf(256 * 1024)));
  const round = (): void => {
    for (const subject of SUBJECTS) {
      const { headers } = subject.bank.paid(PAYMENT);
      for (const body of bodies) verifyAs(subject, { headers, body });
    }
  };
  round();
  const before = process.memoryUsage();
  for (let rounds = 0; rounds < 5; rounds += 1) round();
  const after = process.memoryUsage();
  expect(after.external - before.external).toBeLessThan(64 * 1024 * 1024);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 * 1024 * 1024);
});
