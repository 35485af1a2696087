import fc from 'fast-check';
import { channelRegistry } from '../../../src/channels/registry';
import { eventsOf, PAYMENT, refusal } from '../../unit/channels/support';
import { byteMutation } from '../support/byte-mutations';
import { fuzz, PATIENCE_MS } from '../support/fuzzing';
import { choices, respellForm, respellJson } from '../support/spelling';
import { genuineCallbacks, SUBJECTS, verifyAs } from '../support/subjects';

/**
 * Genuine callbacks, signed by the vendors' own libraries, in other bytes. Where the raw body is signed, every other body is
 * refused as such; where fields are signed, a body is refused or says exactly what the genuine one said, key and all.
 */
jest.setTimeout(PATIENCE_MS);

test('every provider is a subject', () => {
  expect(new Set(SUBJECTS.map(({ bank }) => bank.provider))).toEqual(new Set(channelRegistry.keys()));
});

describe.each(SUBJECTS.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  const callbacks = genuineCallbacks(subject);
  const callback = fc.nat(callbacks.length - 1).map((index) => callbacks[index]!);
  const tape = fc.array(fc.nat(1_000), { maxLength: 400 });

  test('one to three changes of the body are refused, or change nothing that is said', () => {
    fc.assert(
      fc.property(callback, fc.array(byteMutation, { minLength: 1, maxLength: 3 }), (genuine, mutations) => {
        const body = mutations.reduce((bytes, { apply }) => apply(bytes), genuine.body);
        fc.pre(!body.equals(genuine.body));
        const result = verifyAs(subject, { ...genuine, body });
        if (subject.signsTheBody) expect(result).toEqual(refusal('signature_wrong'));
        else if (result.kind === 'verified') expect(result).toEqual(verifyAs(subject, genuine));
      }),
      fuzz(1_000),
    );
  });

  test('every single bit of the body counts, or changes nothing that is said', () => {
    const [genuine] = callbacks;
    const said = eventsOf(verifyAs(subject, genuine!));
    for (let bit = 0; bit < genuine!.body.length * 8; bit += 1) {
      const body = Buffer.from(genuine!.body);
      body[bit >> 3]! ^= 1 << (bit & 7);
      const result = verifyAs(subject, { ...genuine!, body });
      if (result.kind === 'refused') continue;
      expect(subject.signsTheBody).toBe(false);
      expect(result.events).toEqual(said);
    }
  });

  test('every beginning of the body, and every end of it, is refused, or says the same', () => {
    const [genuine] = callbacks;
    const said = eventsOf(verifyAs(subject, genuine!));
    for (let length = 0; length < genuine!.body.length; length += 1) {
      for (const body of [genuine!.body.subarray(0, length), genuine!.body.subarray(length + 1)]) {
        const result = verifyAs(subject, { ...genuine!, body });
        if (result.kind === 'refused') continue;
        // A form may lose its `sign_type`, which is not signed, and whose one value is the one that is assumed.
        expect(body.toString('latin1')).not.toMatch(/sign_type=./);
        expect(result.events).toEqual(said);
      }
    }
  });

  test('the same meaning in other bytes is refused where bytes are signed, and the same where fields are', () => {
    fc.assert(
      fc.property(callback, tape, (genuine, numbers) => {
        const body = Buffer.from(respelled(genuine.body.toString(), choices(numbers)));
        fc.pre(!body.equals(genuine.body));
        const result = verifyAs(subject, { ...genuine, body });
        if (subject.signsTheBody) expect(result).toEqual(refusal('signature_wrong'));
        else expect(result).toEqual(verifyAs(subject, genuine));
      }),
      fuzz(400),
    );
  });

  test('a stranger’s genuine callback of whatever content is refused', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 1_000_000 }), (providerReference, cents) => {
        const amount = (cents / 100).toFixed(2);
        const forged = subject.stranger.paid({ ...PAYMENT, providerReference, amount });
        expect(verifyAs(subject, forged).kind).toBe('refused');
      }),
      fuzz(60),
    );
  });
});

function respelled(body: string, choose: (below: number) => number): string {
  if (body.startsWith('{')) return respellJson(JSON.parse(body), choose);
  const pairs = [...new URLSearchParams(body)].map(
    ([name, value]) => [name, Buffer.from(value).toString('latin1')] as const,
  );
  return respellForm(pairs, choose);
}
