import type { WebhookDescription } from './api-description';
import { exampleOf } from './openapi-examples';
import type { DocumentWriter } from './openapi-operations';
import type { JsonSchema } from './openapi-schemas';
import { WEBHOOK_VERIFICATION } from './openapi-texts';

export const WEBHOOKS_TAG = 'Webhooks';

const HEADERS: readonly (readonly [name: string, description: string, pattern: string, example: string])[] = [
  [
    'webhook-id',
    'The notification: the same in every attempt, so that a repetition is known by it. It is `id` of the body.',
    '^ntf_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
    'ntf_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87',
  ],
  ['webhook-timestamp', 'The time of this attempt, in seconds since 1970 UTC.', '^\\d{1,12}$', '1795253400'],
  [
    'webhook-signature',
    'One signature or, while a secret is being rotated, several with a space between them: `v1,` and the base64 of an ' +
      'HMAC-SHA256. One that matches is enough.',
    '^v1,[0-9A-Za-z+/=]+( v1,[0-9A-Za-z+/=]+)*$',
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  ],
];

/** A webhook as an Operation Object: the receiver is the merchant's server. */
export function describeWebhook(
  writer: DocumentWriter,
  { type, summary, description, payload }: WebhookDescription,
): JsonSchema {
  const schema = writer.schemas.write(payload, 'output');
  const verb = type.replace(/[._]([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  return {
    operationId: `${verb}Webhook`,
    tags: [WEBHOOKS_TAG],
    summary,
    description: `${description}\n\n${WEBHOOK_VERIFICATION}`,
    security: [],
    parameters: HEADERS.map(([name, about, pattern, example]) => ({
      name,
      in: 'header',
      required: true,
      description: about,
      schema: { type: 'string', pattern },
      example,
    })),
    requestBody: {
      required: true,
      content: { 'application/json': { schema, example: exampleOf(schema, writer.schemas.components) } },
    },
    responses: RESPONSES,
  };
}

/** What the answers of a merchant's server mean to us. */
const RESPONSES = {
  '2XX': {
    description:
      'Received. Answer within 15 seconds, before doing anything slow. An endpoint whose `success_rule` is `body_success` ' +
      'must answer with the text `success` as its whole body besides.',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'success' } },
  },
  '410': { description: 'The endpoint is gone for good: it is disabled, and nothing is sent to it any more.' },
  '4XX': {
    description:
      'Not received: sent again on the schedule of the endpoint. `Retry-After` is respected where it asks for more time.',
  },
  '5XX': { description: 'As 4XX. Redirects are not followed and count as not received.' },
} as const;
