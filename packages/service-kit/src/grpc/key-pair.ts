import { isLoopback, type Settings } from '@parley/runtime';
import { readPem } from './pem.js';

/** Certificate and private key of a server, as PEM. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads the certificate and key of the settings. Returns undefined for plain text, which needs a
 * loopback address or `PARLEY_INSECURE=on`.
 * @throws {Error} one sentence if plain text is not allowed, only one file is set, or a file cannot
 * be read.
 */
export function keyPair({
  HOST,
  INSECURE,
  TLS_CERT,
  TLS_KEY,
}: Pick<Settings, 'HOST' | 'INSECURE' | 'TLS_CERT' | 'TLS_KEY'>): KeyPair | undefined {
  if ((TLS_CERT === undefined) !== (TLS_KEY === undefined)) {
    throw new Error('PARLEY_TLS_CERT and PARLEY_TLS_KEY go together. Set both or neither.');
  }
  if (TLS_CERT !== undefined && TLS_KEY !== undefined) {
    return { cert: readPem('TLS_CERT', TLS_CERT), key: readPem('TLS_KEY', TLS_KEY) };
  }
  if (isLoopback(HOST) || INSECURE) return undefined;
  throw new Error(
    `PARLEY_HOST=${HOST} can be reached by others. Set PARLEY_TLS_CERT and PARLEY_TLS_KEY, or PARLEY_INSECURE=on.`,
  );
}
