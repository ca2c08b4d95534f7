import { BlockList, isIP } from 'node:net';
import { bareHost } from '@parley/runtime';
import type { Call } from './call.js';

const forwardedBytes = 1_024;

/**
 * Trusted gateways and proxies in front of a service. Their `x-forwarded-for` header names the
 * caller.
 * @example
 * ```ts
 * import { Proxies } from '@parley/service-kit';
 *
 * const proxies = new Proxies(['10.0.0.0/8']);
 * proxies.named('10.0.0.1', '198.51.100.1, 192.0.2.7'); // '192.0.2.7'
 * proxies.named('203.0.113.5', '192.0.2.7'); // '203.0.113.5', which is not a proxy
 * ```
 */
export class Proxies {
  readonly #networks = new BlockList();

  /**
   * Takes networks in CIDR notation.
   * @throws {Error} one sentence that names an invalid network.
   */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  /**
   * Returns the address of the caller: the peer, or the last address in the header if the peer is a
   * proxy.
   */
  callerOf(call: Pick<Call, 'peer' | 'metadata'>): string {
    return this.named(call.peer, call.metadata('x-forwarded-for', forwardedBytes));
  }

  /**
   * Returns the address of the caller from the address of the peer and its `x-forwarded-for`
   * header.
   */
  named(peer: string, forwardedFor = ''): string {
    const named = forwardedFor.split(',').at(-1)?.trim() ?? '';
    return isIP(named) !== 0 && this.has(peer) ? named : peer;
  }

  /** Returns whether an address belongs to a trusted proxy. */
  has(peer: string): boolean {
    const address = bareHost(peer).replace(/^::ffff:(?=[\d.]+$)/i, ''); // IPv6 sockets write IPv4 addresses with this prefix.
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }

  #add(network: string): void {
    const [address = '', bits = ''] = network.split('/');
    const family = isIP(address);
    const isNetwork = family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
    if (!isNetwork) throw new Error(`PARLEY_PROXIES: ${network} is not a network such as 10.0.0.0/8.`);
    this.#networks.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
}
