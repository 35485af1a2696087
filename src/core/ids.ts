import { randomBytes } from 'node:crypto';
import type { Clock } from './clock';

/**
 * Ids are UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random bits; within one millisecond the 12 bits
 * of `rand_a` count up (section 6.2, method 1), so that a list of new rows lies side by side in its index. The `uuid`
 * package would do the same but is an ES module only, which jest cannot load into a CommonJS project.
 */
declare const idBrand: unique symbol;
export type Id<Kind extends string> = string & { readonly [idBrand]: Kind };

export type MerchantId = Id<'merchant'>;
export type OrderId = Id<'order'>;
export type ReceiptId = Id<'receipt'>;
export type EventId = Id<'event'>;
export type CallbackId = Id<'callback'>;
export type ChannelId = Id<'channel'>;
export type Gid = Id<'transaction'>;
export type AccountId = Id<'account'>;
export type VoucherId = Id<'voucher'>;
export type NotificationId = Id<'notification'>;
export type EndpointId = Id<'endpoint'>;
export type MessageId = Id<'message'>;
export type IncidentId = Id<'incident'>;
export type OperatorActionId = Id<'operatorAction'>;

/** The type that stands in front of an id where people and programs see it. */
export const ID_PREFIXES = {
  merchant: 'mer',
  apiKey: 'key',
  feePlan: 'fee',
  pointsRule: 'ptr',
  channel: 'chn',
  channelKey: 'chk',
  endpoint: 'end',
  order: 'ord',
  orderEvent: 'oev',
  event: 'evt',
  receipt: 'rcp',
  transaction: 'gtx',
  account: 'acc',
  entry: 'ent',
  voucher: 'vch',
  message: 'msg',
  notification: 'ntf',
  incident: 'inc',
  statementRun: 'rcn',
  operatorAction: 'opa',
} as const;
export type IdKind = keyof typeof ID_PREFIXES;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Makes ids. `next()` gives a bare UUID; the caller says of which kind it is. */
export interface Ids {
  next<Kind extends string>(): Id<Kind>;
  /** A random UUID (version 4) that tells nothing of its time, for leases. */
  token(): string;
}

export function createIds(clock: Clock, random: (bytes: number) => Buffer = pooled(randomBytes)): Ids {
  let lastMs = 0;
  let counter = 0;
  const next = (): string => {
    const now = clock.now().getTime();
    if (now > lastMs) {
      lastMs = now;
      counter = random(2).readUInt16BE() & 0x7ff;
    } else if (++counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
    const bytes = random(16);
    bytes.writeUIntBE(lastMs, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    return format(bytes);
  };
  const token = (): string => {
    const bytes = random(16);
    bytes[6] = 0x40 | ((bytes[6] ?? 0) & 0x0f);
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    return format(bytes);
  };
  return { next: <Kind extends string>() => next() as Id<Kind>, token };
}

/** So many random bytes are asked for at once: asking costs more than the bytes. */
const POOL_BYTES = 8_192;

/** Each byte is handed out once; the caller may write into what it gets. */
function pooled(random: (bytes: number) => Buffer): (bytes: number) => Buffer {
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  return (bytes) => {
    if (used + bytes > pool.length) {
      pool = random(POOL_BYTES);
      used = 0;
    }
    used += bytes;
    return pool.subarray(used - bytes, used);
  };
}

function format(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** For lists: a function that lives as long as its module keeps its optimized code (see `consistency/columns.ts`). */
export function idOf<OfRow>(row: { readonly id: OfRow }): OfRow {
  return row.id;
}

/** When an id was made, in milliseconds since 1970 by the clock of the process that made it. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** `ord_0190...` for the id of an order. */
export function showId(kind: IdKind, id: string): string {
  return `${ID_PREFIXES[kind]}_${id}`;
}

/** The bare id of what a caller sent as an id of this kind; undefined where it is none. */
export function readId<Kind extends string = string>(kind: IdKind, text: string): Id<Kind> | undefined {
  const prefix = `${ID_PREFIXES[kind]}_`;
  if (!text.startsWith(prefix)) return undefined;
  const id = text.slice(prefix.length);
  return UUID.test(id) ? (id as Id<Kind>) : undefined;
}
