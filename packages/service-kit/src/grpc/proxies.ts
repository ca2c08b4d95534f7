import { BlockList, isIP } from 'node:net';
import type { Call } from './call.js';

const forwardedBytes = 1_024;

/** The gateways and proxies in front of a service: what they say of where a call came from counts. */
export class Proxies {
  readonly #networks = new BlockList();

  /** `networks` in CIDR. Throws one sentence that names what is none. */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  /** Who called: the peer, or where that is a proxy, whom it names last; what stands before that is the caller's own word. */
  callerOf(call: Pick<Call, 'peer' | 'metadata'>): string {
    return this.named(call.peer, call.metadata('x-forwarded-for', forwardedBytes));
  }

  /** The same of a peer and its header. */
  named(peer: string, forwardedFor = ''): string {
    const named = forwardedFor.split(',').at(-1)?.trim() ?? '';
    return isIP(named) !== 0 && this.has(peer) ? named : peer;
  }

  /** True for the address of one of them. */
  has(peer: string): boolean {
    const address = peer.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=[\d.]+$)/i, ''); // a socket of IPv6 names an IPv4 peer so
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }

  #add(network: string): void {
    const [address = '', bits = ''] = network.split('/');
    const family = isIP(address);
    const isNetwork = family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
    if (!isNetwork) throw new Error(`PARLEY_PROXIES: ${network} is not a network such as 10.0.0.0/8`);
    this.#networks.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
}
