import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { bareHost } from '@parley/runtime';
import ipaddr from 'ipaddr.js';

/** Bounds of one look-up, for each family of addresses: milliseconds of a try, and tries. */
const lookUps = { timeout: 2_000, tries: 2 };

/** An address to which a gateway does not connect for a user. */
export class PrivateAddress extends Error {
  constructor(host: string) {
    super(`${host} has a private address.`);
  }
}

/** All addresses that were given out for the Internet (RFC 4291). The rest of IPv6 may lead anywhere. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Returns whether an IP address is on the public Internet. Looks into IPv6 addresses that contain an IPv4 address. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(globalUnicast));
}

/**
 * Asks the name servers. `lookup` of Node would wait in a thread of the pool that files use too, so
 * a few slow name servers of strangers could block everything else.
 */
async function resolve(name: string): Promise<LookupAddress[]> {
  const resolver = new Resolver(lookUps);
  const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  if (four.status === 'rejected' && six.status === 'rejected') throw four.reason;
  const addresses = [four, six].flatMap((found) => (found.status === 'fulfilled' ? found.value : []));
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

/**
 * Resolves the host of a URL. A client must connect to the addresses that are returned here, because
 * the next look-up may return others.
 * @throws {PrivateAddress} if one of the addresses is not public.
 * @throws {Error} if the host has no address.
 */
export async function publicAddresses(host: string): Promise<readonly LookupAddress[]> {
  const name = bareHost(host);
  if (/(^|\.)localhost\.?$/i.test(name)) throw new PrivateAddress(host);
  const family = isIP(name);
  const found = family === 0 ? await resolve(name) : [{ address: name, family }];
  if (!found.every(({ address }) => isPublic(address))) throw new PrivateAddress(host);
  return found;
}

/** Returns a function for `lookup` of a connection that returns fixed addresses. */
export function fixedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, done) => {
    const [first] = addresses;
    if (options.all) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family);
  };
}
