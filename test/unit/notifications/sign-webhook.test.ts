import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { createWebhookSigner } from '../../../src/notifications/sign-webhook';

it('signs whatever text as the library does that merchants verify with', () => {
  const bytes = fc.uint8Array({ minLength: 24, maxLength: 64 });
  fc.assert(
    fc.property(
      bytes,
      fc.string(),
      fc.integer({ min: 0, max: 2 ** 33 }),
      fc.string({ unit: 'grapheme' }),
      (key, id, seconds, text) => {
        const secret = `whsec_${Buffer.from(key).toString('base64')}`;
        const signature = createWebhookSigner(secret)(id, String(seconds), text);
        expect(signature).toBe(new Webhook(secret).sign(id, new Date(seconds * 1_000), text));
      },
    ),
  );
});

it('refuses a secret of another kind', () => {
  expect(() => createWebhookSigner('c2VjcmV0')).toThrow('does not begin with whsec_');
});
