import { isIPv6 } from 'node:net';

/** Formats host:port, with brackets around an IPv6 address. */
export function hostAndPort(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Splits host:port. The host of an IPv6 address has no brackets. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const [host = '', port] = address.split(/:(?=\d+$)/);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

const loopbackOf: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Returns the host to dial to reach a listener on `host`: the loopback address if it listens on all
 * addresses.
 */
export function dialable(host: string): string {
  return loopbackOf[host] ?? host;
}
