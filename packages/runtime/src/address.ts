import { isIPv6 } from 'node:net';

/** host:port, with the brackets that an IPv6 address needs. */
export function hostAndPort(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** The two parts of host:port; without the brackets of an IPv6 address. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const [host = '', port] = address.split(/:(?=\d+$)/);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Where a process of this machine reaches what listens on `host`: "everywhere" cannot be dialled. */
export function dialable(host: string): string {
  return everywhere[host] ?? host;
}
