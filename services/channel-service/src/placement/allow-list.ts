import { isIP } from 'node:net';
import { refuse, type Settings } from '@parley/runtime';
import ipaddr from 'ipaddr.js';

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

function hostPattern(pattern: string): RegExp {
  const labels = pattern.split('*').map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'));
  return new RegExp(`^${labels.join('[^.]+')}$`, 'i');
}

function network(text: string): Network {
  if (!ipaddr.isValidCIDR(text))
    throw new Error(`PARLEY_SERVER_NETWORKS: ${text} is not a network such as 10.0.0.0/8.`);
  return ipaddr.parseCIDR(text);
}

function endpoint(address: string): Endpoint | undefined {
  const [, bracketed, plain, port] = /^(?:\[([\da-f:.]+)\]|([\w.-]{1,253})):(\d{1,5})$/i.exec(address) ?? [];
  const host = bracketed ?? plain;
  return host === undefined ? undefined : { host, port: Number(port) };
}

/**
 * Decides which addresses a chat server may report: the address to which users are sent with their
 * tokens, and the internal address that this manager dials.
 */
export class AllowList {
  readonly #hosts: readonly RegExp[];
  readonly #networks: readonly Network[];
  readonly #firstPort: number;
  readonly #lastPort: number;

  /** Reads the allow-list from the settings. */
  constructor(settings: Pick<Settings, 'SERVER_HOSTS' | 'SERVER_NETWORKS' | 'SERVER_PORTS'>) {
    const [first, last] = settings.SERVER_PORTS.split('-');
    this.#hosts = settings.SERVER_HOSTS.map(hostPattern);
    this.#networks = settings.SERVER_NETWORKS.map(network);
    this.#firstPort = Number(first);
    this.#lastPort = Number(last);
  }

  /** Checks both addresses of a chat server against the allow-list. */
  check(addr: string, internalAddr: string): void {
    if (!this.#allowsHost(endpoint(addr)) || !this.#allowsIp(endpoint(internalAddr)))
      throw refuse('address-not-allowed');
  }

  #allowsHost(at: Endpoint | undefined): boolean {
    return at !== undefined && this.#allowsPort(at) && this.#hosts.some((pattern) => pattern.test(at.host));
  }

  #allowsIp(at: Endpoint | undefined): boolean {
    if (at === undefined || isIP(at.host) === 0 || !this.#allowsPort(at)) return false;
    const ip = ipaddr.process(at.host);
    return this.#networks.some((range) => ip.kind() === range[0].kind() && ip.match(range));
  }

  #allowsPort({ port }: Endpoint): boolean {
    return port >= this.#firstPort && port <= this.#lastPort;
  }
}
