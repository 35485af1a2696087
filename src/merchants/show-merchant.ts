import { showId } from '../core/ids';
import type { ApiKeyRow } from './api-keys-store';
import type { ApiKeyView, MerchantView } from './merchant-schemas';
import type { MerchantRow } from './merchants-store';

/** A merchant as the operator API shows it. */
export function showMerchant(row: MerchantRow): MerchantView {
  return {
    id: showId('merchant', row.id),
    name: row.name,
    status: row.status,
    created_at: row.created_at.toISOString(),
  };
}

/** An API key as the operator API shows it: how it begins, never the key. */
export function showApiKey(row: ApiKeyRow): ApiKeyView {
  return {
    id: showId('apiKey', row.id),
    merchant: showId('merchant', row.merchant_id),
    name: row.name,
    prefix: row.shown_prefix,
    created_at: row.created_at.toISOString(),
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}
