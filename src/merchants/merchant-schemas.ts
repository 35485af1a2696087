import { z } from 'zod';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';

export const createMerchantBody = z.strictObject({
  name: line(200).meta({ description: 'Unique among the merchants', example: 'Anna’s Books' }),
});
export const createApiKeyBody = z.strictObject({
  name: line(200).meta({ description: 'What it is for; several may have the same', example: 'web shop' }),
});
export const merchantPath = z.object({ merchant_id: shownId<'merchant'>('merchant') });
export const apiKeyPath = merchantPath.extend({ key_id: shownId<'apiKey'>('apiKey') });
export const listQuery = z.strictObject(pageFields);

export const merchantView = z
  .strictObject({
    id: shownIdOf('merchant'),
    name: z.string().meta({ example: 'Anna’s Books' }),
    status: z
      .enum(['active', 'suspended'])
      .meta({ description: 'The keys of a suspended merchant are refused; its payments go on settling' }),
    created_at: shownTime,
  })
  .meta({ id: 'Merchant', description: 'Somebody who is paid through this service' });
export type MerchantView = z.output<typeof merchantView>;

const apiKeyFields = {
  id: shownIdOf('apiKey'),
  merchant: shownIdOf('merchant'),
  name: z.string().meta({ example: 'web shop' }),
  prefix: z
    .string()
    .regex(/^qk_[0-9a-f]{8}$/)
    .meta({ description: 'How the key begins', example: 'qk_3f9a1c07' }),
  created_at: shownTime,
  revoked_at: shownTime.nullable().meta({ description: 'Null while it is good', example: null }),
};

export const apiKeyView = z
  .strictObject(apiKeyFields)
  .meta({ id: 'ApiKey', description: 'A merchant’s API key, without the key itself' });
export type ApiKeyView = z.output<typeof apiKeyView>;

export const newApiKeyView = z
  .strictObject({
    ...apiKeyFields,
    key: z
      .string()
      .regex(/^qk_[0-9a-f]{8}_[0-9A-Za-z_-]{43}$/)
      .meta({
        description: 'Send it as `Authorization: Bearer`. It is shown here and never again',
        example: 'qk_3f9a1c07_Zm9yIGV4YW1wbGUgb25seSwgbm90IGEgcmVhbCBrZXk',
      }),
  })
  .meta({ id: 'NewApiKey', description: 'A merchant’s new API key' });
