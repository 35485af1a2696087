import type { Request } from 'express';

/**
 * The address that limits count by: that of the connection, or what a trusted proxy says (`TRUST_PROXY`). An IPv6 address
 * counts as its /64, which is what one customer of a network has to himself.
 */
export function clientAddress(req: Request): string {
  return networkOf(req.ip ?? req.socket.remoteAddress ?? 'unknown');
}

export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [bare = ''] = address.split('%');
  const [front = '', back] = bare.split('::');
  const groups = front === '' ? [] : front.split(':');
  const after = back === undefined || back === '' ? [] : back.split(':');
  const zeros = back === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
