import type { Settings } from '@parley/runtime';
import { readPem } from './pem.js';

/** What a server shows and what it keeps, both as PEM. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

const loopback = /^(127(\.\d{1,3}){3}|localhost|::1|\[::1\])$/;

/** Only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

/**
 * The certificate and key of the settings. Undefined: plain, on a loopback address or by `PARLEY_INSECURE=on`.
 * @throws {Error} one sentence where neither holds, half a pair is given, or a file cannot be read.
 */
export function keyPair({
  HOST,
  INSECURE,
  TLS_CERT,
  TLS_KEY,
}: Pick<Settings, 'HOST' | 'INSECURE' | 'TLS_CERT' | 'TLS_KEY'>): KeyPair | undefined {
  if ((TLS_CERT === undefined) !== (TLS_KEY === undefined)) {
    throw new Error('PARLEY_TLS_CERT and PARLEY_TLS_KEY go together: set both or neither');
  }
  if (TLS_CERT !== undefined && TLS_KEY !== undefined) {
    return { cert: readPem('TLS_CERT', TLS_CERT), key: readPem('TLS_KEY', TLS_KEY) };
  }
  if (isLoopback(HOST) || INSECURE) return undefined;
  throw new Error(
    `PARLEY_HOST=${HOST} can be reached by others: set PARLEY_TLS_CERT and PARLEY_TLS_KEY, or PARLEY_INSECURE=on`,
  );
}
