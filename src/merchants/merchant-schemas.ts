import { z } from 'zod';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';

export const createMerchantBody = z.strictObject({ name: line(200) });
export const createApiKeyBody = z.strictObject({ name: line(200) });
export const merchantPath = z.object({ merchant_id: shownId<'merchant'>('merchant') });
export const apiKeyPath = merchantPath.extend({ key_id: shownId<'apiKey'>('apiKey') });
export const listQuery = z.strictObject(pageFields);
