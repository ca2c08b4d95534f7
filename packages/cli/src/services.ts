import { readFileSync } from 'node:fs';
import type { Security } from '@parley/client/node';
import { isLoopback, splitAddress } from '@parley/runtime';
import { usage } from './failure.js';

/** Security options of every command. */
export interface SecurityOptions {
  readonly tls?: true;
  readonly ca?: string;
  /** Allows plain text to other machines. */
  readonly insecure?: true;
}

function readAuthorities(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw usage(`--ca: ${path} cannot be read.`);
  }
}

/**
 * Returns the transport security.
 * @throws {Failure} if the file of `--ca` cannot be read
 */
export function securityOf({ ca, tls }: SecurityOptions): Security {
  return ca === undefined ? { tls: tls === true } : { tls: true, ca: readAuthorities(ca) };
}

/**
 * Returns the first address on another machine that would be reached in plain text, so that others
 * could read the traffic. Undefined if there is none or the options allow it.
 */
export function openAddress({ tls, ca, insecure }: SecurityOptions, addresses: readonly string[]): string | undefined {
  if (tls === true || ca !== undefined || insecure === true) return undefined;
  return addresses.flatMap((list) => list.split(',')).find((address) => !isLoopback(splitAddress(address).host));
}
