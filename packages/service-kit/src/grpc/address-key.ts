import { isIP } from 'node:net';
import { bareHost } from '@parley/runtime';

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Returns the first four of the eight groups of an IPv6 address. */
function networkOf(address: string): string {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}

/**
 * Returns the key for limits by address: an IPv4 address, or the /64 network of an IPv6 address.
 * One customer owns such a network.
 * @example
 * ```ts
 * import { addressKey } from '@parley/service-kit';
 *
 * addressKey('::ffff:192.0.2.7'); // '192.0.2.7'
 * addressKey('2001:db8::1'); // '2001:db8:0:0::/64'
 * ```
 */
export function addressKey(address: string): string {
  const bare = bareHost(address).replace(/%.*$/, '');
  const v4 = mapped.exec(bare)?.[1];
  if (v4 !== undefined) return v4;
  return isIP(bare) === 6 ? `${networkOf(bare)}::/64` : bare;
}

/**
 * Returns the key for limits by network. For the {@link addressKey} of an IPv6 address, this is its
 * /48 network, because one site may own all 65,536 /64 networks in it. Returns any other key
 * unchanged.
 * @example
 * ```ts
 * import { networkKey } from '@parley/service-kit';
 *
 * networkKey('2001:db8:0:7::/64'); // '2001:db8:0::/48'
 * networkKey('192.0.2.7'); // '192.0.2.7'
 * ```
 */
export function networkKey(key: string): string {
  return key.replace(/^((?:[\da-f]+:){2}[\da-f]+):[\da-f]+::\/64$/, '$1::/48');
}
