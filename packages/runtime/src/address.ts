import { isIPv6 } from 'node:net';

/** Formats host:port, with brackets around an IPv6 address. */
export function hostAndPort(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Returns a host without the brackets that URLs and addresses put around IPv6 addresses. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** Splits host:port. The host of an IPv6 address has no brackets. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const [host = '', port] = address.split(/:(?=\d+$)/);
  return { host: bareHost(host), port: Number(port) };
}

const loopback = /^(127(\.\d{1,3}){3}|localhost|::1)$/i;

/** Returns whether a host, with or without brackets, is this machine, so that no other machine can reach it. */
export function isLoopback(host: string): boolean {
  return loopback.test(bareHost(host));
}

const loopbackOf: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Returns the host to dial to reach a listener on `host`: the loopback address if it listens on all
 * addresses.
 */
export function dialable(host: string): string {
  return loopbackOf[host] ?? host;
}
