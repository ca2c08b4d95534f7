import { readFileSync } from 'node:fs';
import type { Security } from '@parley/client/node';
import { usage } from './failure.js';

/** How the services are to be reached. */
export interface SecurityOptions {
  readonly tls?: true;
  readonly ca?: string;
  /** Plain text is all right, elsewhere too. */
  readonly insecure?: true;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/i;

function readAuthorities(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw usage(`--ca: ${path} cannot be read`);
  }
}

/** TLS or not, as asked for. Throws a Failure where `--ca` names no file. */
export function securityOf({ ca, tls }: SecurityOptions): Security {
  return ca === undefined ? { tls: tls === true } : { tls: true, ca: readAuthorities(ca) };
}

/** The first of those addresses that is not on this machine, where all that is sent there can be read on the way; else undefined. */
export function openAddress({ tls, ca, insecure }: SecurityOptions, addresses: readonly string[]): string | undefined {
  if (tls === true || ca !== undefined || insecure === true) return undefined;
  return addresses.flatMap((list) => list.split(',')).find((address) => !loopback.test(address));
}
