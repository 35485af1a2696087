import { PROBLEMS } from '../core/errors';

/** The texts of the document that belong to no operation, as Markdown. An integrator has nothing else to read. */

const PROBLEM_TABLE = [
  '| code | status | title | may the same request succeed later? |',
  '| --- | --- | --- | --- |',
  ...Object.entries(PROBLEMS).map(
    ([code, { status, title, retryable }]) => `| \`${code}\` | ${status} | ${title} | ${retryable ? 'yes' : 'no'} |`,
  ),
].join('\n');

export const WEBHOOK_VERIFICATION = `**Verify every webhook before you read it** (Standard Webhooks, standardwebhooks.com; \
libraries exist for most languages):

1. Take the body as bytes, before any JSON parser has it.
2. The key is the base64-decoded text behind \`whsec_\` of the endpoint's secret, which was shown when the endpoint was \
created or its secret rotated.
3. Compute HMAC-SHA256 over \`<webhook-id>.<webhook-timestamp>.<body>\` and encode it in base64.
4. \`webhook-signature\` holds one or more \`v1,<base64>\` with a space between them. Compare yours with each in constant \
time; one that matches is enough.
5. Refuse a \`webhook-timestamp\` that is more than five minutes from your clock.
6. Remember \`webhook-id\`: the same notification may come more than once, and notifications may come in another order \
than things happened. Where it matters, read the order.`;

export const API_INTRODUCTION = `Quittance stands between the banks and payment gateways that say "the customer paid" and \
everything that must then be true: the order is paid, the merchant's fund account and the customer's points are credited, \
the books balance, and the merchant is told.

## How a payment goes

1. The operator makes a merchant (\`createMerchant\`), a key for it (\`createApiKey\`) and a channel for each account at a \
bank or gateway (\`createChannel\`). To be told of payments the merchant has an endpoint (\`createEndpoint\`).
2. The merchant creates an order (\`createOrder\`) and gives its \`payment_reference\` to the bank or gateway.
3. The bank or gateway calls \`/callbacks/{channel}\`. The answer "success" means that the order is paid and the money \
credited.
4. The merchant gets the webhook \`order.paid\`, and may read the order at any time.

## Authentication

\`Authorization: Bearer <token>\`. Below \`/v1\` the token is a merchant's API key (\`qk_...\`, from \`createApiKey\`), and \
everything is about that merchant alone. Below \`/admin\` it is an operator's token. Callbacks authenticate themselves by \
the gateway's signature. A key that was revoked, and a merchant that was suspended, are refused within a second or so.

## Conventions

- **JSON** in UTF-8, \`Content-Type: application/json\`, at most 64 KiB and 32 levels deep, not compressed. Properties and \
query parameters that an operation does not know are refused (\`invalid_request\`).
- **Ids** are UUIDs (version 7) with their type in front: \`ord_\`, \`mer_\`, \`acc_\`. Treat them as text.
- **Times** are RFC 3339 in UTC.
- **Amounts** are decimal strings beside their currency (ISO 4217): \`"12.50"\`, never a JSON number, without exponent, plus \
sign or leading zeros, with at most the decimals of the currency (\`JPY\` has none) and at most 15 digits before the point.
- **Lists** are pages of \`limit\` rows (20 where it is not given, at most 100), newest first unless said otherwise. Send \
\`next_cursor\` as \`cursor\` to get the next page; it is \`null\` on the last one. A cursor belongs to its list and filters.
- **Idempotency**: send \`Idempotency-Key\` with every POST. The same key with the same method, path and content within 24 \
hours gets the first answer again, byte for byte, with \`Idempotency-Replayed: true\`; with other content, \
\`idempotency_conflict\`; while the first is still running, \`idempotency_in_progress\`. Answers that a retry may change \
(401, 5xx and every code below that may succeed later) are not kept. GET, PUT and DELETE are idempotent by themselves.
- **Requests have an id**: \`X-Request-Id\` of every answer, yours where you sent one of 1 to 128 characters of \
\`0-9A-Za-z._:-\`. Quote it when you ask us.
- **Retry** on a timeout, a broken connection and every code that may succeed later, after \`Retry-After\` where it is \
given, with growing pauses, and with the same \`Idempotency-Key\`.
- **This document is exact** for the version that serves it: answers have the properties that it lists and no others. A \
later version may add properties and codes: a client should ignore what it does not know.
- Answers below \`/v1\` and \`/admin\` are not to be kept by anybody (\`Cache-Control: no-store\`).
- A path that exists under another method answers \`method_not_allowed\` with \`Allow\`; another path, \`not_found\`.

## Problems

What is not done is answered as \`application/problem+json\` (RFC 9457): decide by \`code\`, show \`detail\` to a person. Every \
operation lists the codes that it may answer with. A request that is not HTTP, or did not arrive in time, is answered the \
same way without a request id, and its connection is closed.

${PROBLEM_TABLE}

## Webhooks

${WEBHOOK_VERIFICATION}

Whatever is not answered with 2xx is sent again on the endpoint's schedule, with the same body and \`webhook-id\` and a new \
\`webhook-timestamp\`. When the schedule is over nothing more is sent: read the order. A webhook tells how the order stood \
when it was made; redirects are not followed.`;

export const SECURITY_SCHEMES = {
  operator: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of an operator: whoever runs the service has it in QUITTANCE_OPERATOR_TOKEN.',
  },
  merchant: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'qk_<8 characters>_<43 characters>',
    description: "A merchant's API key, as `createApiKey` has shown it once.",
  },
} as const;
