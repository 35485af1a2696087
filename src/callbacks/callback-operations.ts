import { z } from 'zod';
import { operation } from '../http/operation';

const callbackPath = z.object({
  channel: z
    .string()
    .meta({ description: 'The name of the channel, as its `callback_path` has it', example: 'main-bank' }),
});

const form = z.record(z.string(), z.string()).meta({ description: 'The parameters of an Alipay notification' });
const json = z.looseObject({}).meta({ description: 'The body as the provider documents it' });

/** A payment of each provider that speaks JSON, cut down to what is read of it. */
const JSON_EXAMPLES = {
  standard_webhooks: {
    summary: 'Standard Webhooks: any bank that follows the specification',
    value: {
      type: 'payment.succeeded',
      timestamp: '2026-11-21T09:30:00.000Z',
      data: {
        id: 'pay-4711',
        reference: '03g9etxuzz31uwis4v7k7h4zr',
        amount: '12.50',
        currency: 'EUR',
        account: 'ACC-EUR-1',
        live: true,
      },
    },
  },
  stripe: {
    summary: 'Stripe: a payment intent that succeeded',
    value: {
      id: 'evt_1',
      type: 'payment_intent.succeeded',
      livemode: true,
      data: {
        object: {
          id: 'pi_1',
          amount_received: 1250,
          currency: 'eur',
          metadata: { payment_reference: '03g9etxuzz31uwis4v7k7h4zr' },
        },
      },
    },
  },
  adyen: {
    summary: 'Adyen: standard notifications, several in one callback',
    value: {
      live: 'true',
      notificationItems: [
        {
          NotificationRequestItem: {
            pspReference: '8515131751004933',
            merchantAccountCode: 'ShopAccount',
            merchantReference: '03g9etxuzz31uwis4v7k7h4zr',
            amount: { value: 1250, currency: 'EUR' },
            eventCode: 'AUTHORISATION',
            success: 'true',
            additionalData: { hmacSignature: 'base64 of the HMAC-SHA256' },
          },
        },
      ],
    },
  },
  wechat_pay: {
    summary: 'WeChat Pay v3: the content is encrypted with the APIv3 key',
    value: {
      id: 'EV-2018022511223320873',
      event_type: 'TRANSACTION.SUCCESS',
      resource: {
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext: 'base64',
        nonce: 'fdasflkja484w',
        associated_data: 'transaction',
      },
    },
  },
} as const;

const ALIPAY_EXAMPLE = {
  alipay: {
    summary: 'Alipay: an asynchronous notification',
    value: {
      notify_id: 'ac05099524730693a8b330c5ecf72da9786',
      app_id: '2021001234567890',
      trade_no: '2026112122001412341234567890',
      out_trade_no: '03g9etxuzz31uwis4v7k7h4zr',
      trade_status: 'TRADE_SUCCESS',
      total_amount: '12.50',
      sign_type: 'RSA2',
      sign: 'base64 of the signature',
    },
  },
} as const;

const DESCRIPTION = `The address that the bank or gateway of a channel calls. The body is verified byte for byte, so it must \
not be changed on its way here; at most 256 KiB, not compressed. A callback that cannot be verified changes nothing.

| provider | signed how | money is | our \`payment_reference\` is |
| --- | --- | --- | --- |
| \`standard_webhooks\` | \`webhook-id\`, \`webhook-timestamp\`, \`webhook-signature\`: \`v1,\` and the base64 of an HMAC-SHA256 \
over \`id.timestamp.body\`, or \`v1a,\` and an Ed25519 signature; at most 5 minutes old | \`type\` \`payment.succeeded\`, \
\`data.amount\` in major units of \`data.currency\`, known by \`data.id\`; \`data.account\` is the channel's receiving account | \
\`data.reference\` |
| \`stripe\` | \`Stripe-Signature\` (\`t=\`, \`v1=\`); at most 5 minutes old | \`payment_intent.succeeded\`, \`amount_received\` | \
\`metadata.payment_reference\` of the payment intent |
| \`adyen\` | \`additionalData.hmacSignature\` of each item | \`AUTHORISATION\` (or \`CAPTURE\`) with \`success\` "true", \
\`amount.value\` | \`merchantReference\` |
| \`wechat_pay\` | \`Wechatpay-Timestamp\`, \`-Nonce\`, \`-Serial\`, \`-Signature\`; at most 5 minutes old | \
\`TRANSACTION.SUCCESS\`, \`amount.total\` | \`out_trade_no\` |
| \`alipay\` | the form's \`sign\` (RSA2) | \`TRADE_SUCCESS\` or \`TRADE_FINISHED\`, \`total_amount\` | \`out_trade_no\` |

The answer is in the provider's own words. "Success" (200 or 204) comes when the order is paid and the money credited, or \
when the money is kept for a person; the same callback may be sent any number of times. 503 means: call again.`;

/** WeChat Pay's own form of what the others say in a word. */
const wechatFailure = z.strictObject({ code: z.literal('FAIL'), message: z.string().meta({ example: 'try again' }) });

export const receiveCallback = operation({
  id: 'receiveCallback',
  method: 'post',
  path: '/:channel',
  summary: 'Tell that a customer has paid, as the gateway of a channel',
  description: DESCRIPTION,
  params: callbackPath,
  rawBody: {
    description: 'As the provider sends it, byte for byte',
    content: {
      'application/json': { schema: json, examples: JSON_EXAMPLES },
      'application/x-www-form-urlencoded': { schema: form, examples: ALIPAY_EXAMPLE },
    },
  },
  headers: [
    { name: 'webhook-id', description: 'Standard Webhooks', example: 'msg_4711' },
    { name: 'webhook-timestamp', description: 'Standard Webhooks: seconds since 1970 UTC', example: '1795253400' },
    {
      name: 'webhook-signature',
      description: 'Standard Webhooks: `v1,<base64>` or `v1a,<base64>`, several with a space between them',
      example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
    },
    {
      name: 'Stripe-Signature',
      description: 'Stripe',
      example: 't=1795253400,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e7',
    },
    { name: 'Wechatpay-Timestamp', description: 'WeChat Pay', example: '1795253400' },
    { name: 'Wechatpay-Nonce', description: 'WeChat Pay', example: 'fdasflkja484w' },
    {
      name: 'Wechatpay-Serial',
      description: 'WeChat Pay: which key has signed',
      example: 'PUB_KEY_ID_0114232134912410000',
    },
    { name: 'Wechatpay-Signature', description: 'WeChat Pay', example: 'base64 of the signature' },
  ],
  answer: {
    status: 200,
    description: 'Success, to Alipay, Adyen (as text) and Stripe (without a body)',
    contentType: 'text/plain',
    schema: z.enum(['success', '[accepted]']),
    example: 'success',
  },
  otherAnswers: [
    { status: 204, description: 'Success, to WeChat Pay and Standard Webhooks' },
    {
      status: 401,
      description:
        'Not verified: signature, time, receiving account or mode are not right. Nothing has changed. Stripe and Standard ' +
        'Webhooks get no body',
      contents: { 'text/plain': z.enum(['fail', '[refused]']), 'application/json': wechatFailure },
    },
    {
      status: 503,
      description: 'Call again: it is not settled yet. Stripe and Standard Webhooks get no body',
      contents: { 'text/plain': z.enum(['fail', '[try again]']), 'application/json': wechatFailure },
      headers: ['Retry-After'],
    },
  ],
  problems: ['not_found', 'rate_limited', 'body_too_large', 'unsupported_encoding', 'unavailable', 'overloaded'],
});
