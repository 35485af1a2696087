import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { BlockList, type LookupFunction, isIP } from 'node:net';

/**
 * Addresses that a merchant's URL must not reach: they lead back into the operator's own network. Source: the IANA
 * special-purpose address registries for IPv4 and IPv6 (everything not globally reachable), plus multicast, plus the
 * ranges that carry an IPv4 address inside an IPv6 one (IPv4-compatible, IPv4-translated, NAT64, 6to4, Teredo).
 */
const BLOCKED = blocked([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]);

function blocked(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4');
  return list;
}

export class PrivateAddress extends Error {
  constructor(host: string) {
    super(`${host} is a private address, which endpoints may not use`);
    this.name = 'PrivateAddress';
  }
}

/** True for a literal address that endpoints may not use; false for a public one and for every name. */
export function isPrivateLiteral(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family === 0) return false;
  return BLOCKED.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Of one name, as a socket asks for them. */
export interface PublicLookupOptions {
  /** Asked instead of the machine's own name servers. */
  readonly servers?: readonly string[] | undefined;
}

/**
 * Resolves a name and refuses it if any of its addresses is private: the socket connects to the very addresses that were
 * checked, so a name that resolves differently the second time gains nothing.
 *
 * It asks the name servers itself, because `dns.lookup` takes one of the process's four threads for as long as a server
 * keeps silent, and a few merchants with dead name servers would stop the names of all others. Names that only this
 * machine's hosts file knows are not found.
 */
export function createPublicLookup({ servers }: PublicLookupOptions = {}): LookupFunction {
  const resolver = new Resolver({ timeout: 2_500, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const addressesOf = async (host: string): Promise<readonly LookupAddress[]> => {
    if (/(^|\.)localhost\.?$/i.test(host)) throw new PrivateAddress(host);
    const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    if (four.status === 'rejected' && six.status === 'rejected') throw four.reason as Error;
    const found = [
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
    ];
    if (found.some(({ address }) => isPrivateLiteral(address))) throw new PrivateAddress(host);
    return found;
  };
  return (host, options, callback) => {
    addressesOf(host).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: unknown) => {
        callback(error as NodeJS.ErrnoException, []);
      },
    );
  };
}
