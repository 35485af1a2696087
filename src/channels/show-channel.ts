import { showId } from '../core/ids';
import type { ChannelKeyRow } from './channel-keys-store';
import type { ChannelKeyView, ChannelView } from './channel-schemas';
import type { ChannelWithKeys } from './manage-channels';

/** A channel as operators see it; no answer holds a secret, because whoever gave it has it. */
export function showChannel({ channel, keys }: ChannelWithKeys): ChannelView {
  return {
    id: showId('channel', channel.id),
    name: channel.name,
    provider: channel.provider,
    receiving_account: channel.receiving_account,
    live: channel.live,
    merchants: channel.serves_all ? 'all' : channel.merchant_ids.map((id) => showId('merchant', id)),
    settings: { ...channel.settings },
    status: channel.status,
    callback_path: `/callbacks/${channel.name}`,
    keys: keys.map(showChannelKey),
    created_at: channel.created_at.toISOString(),
  };
}

export function showChannelKey(key: ChannelKeyRow): ChannelKeyView {
  return {
    id: showId('channelKey', key.id),
    purpose: key.purpose,
    serial: key.serial,
    created_at: key.created_at.toISOString(),
    revoked_at: key.revoked_at?.toISOString() ?? null,
  };
}
