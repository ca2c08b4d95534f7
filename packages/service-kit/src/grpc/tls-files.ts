import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SettingName, Settings } from '@parley/runtime';
import { type KeyPair, keyPair } from './key-pair.js';
import { readPem } from './pem.js';

/** The settings that name the files of TLS. */
export type TlsSettings = Pick<Settings, 'HOST' | 'INSECURE' | 'TLS_CERT' | 'TLS_KEY' | 'TLS_CA' | 'TLS_CLIENT_CA'>;

/** Files of TLS, as PEM. */
export interface TlsFiles {
  /** Certificate and key of this process. Undefined: it listens in plain text. */
  readonly pair: KeyPair | undefined;
  /** Authorities of the servers that this process calls. Undefined: it calls in plain text. */
  readonly serverCa: Buffer | undefined;
  /** Authorities of the services that call this process. Undefined: they need no certificate. */
  readonly clientCa: Buffer | undefined;
}

function minuteOf(date: string): string {
  return `${new Date(date).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function readCertificate(setting: SettingName, file: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Error(`PARLEY_${setting}=${file} holds no certificate in PEM form. Correct the file.`, { cause });
  }
}

function readKey(file: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`PARLEY_TLS_KEY=${file} holds no private key in PEM form without a passphrase. Correct the file.`, {
      cause,
    });
  }
}

function checkValidity({ validFrom, validTo }: X509Certificate, file: string): void {
  const certificate = `The certificate in PARLEY_TLS_CERT=${file}`;
  if (Date.parse(validTo) < Date.now()) throw new Error(`${certificate} expired on ${minuteOf(validTo)}. Renew it.`);
  if (Date.parse(validFrom) > Date.now())
    throw new Error(
      `${certificate} is not valid before ${minuteOf(validFrom)}. Set the clock of this machine, or use a certificate that is valid now.`,
    );
}

function checkPair(pair: KeyPair, certFile = '', keyFile = ''): void {
  const certificate = readCertificate('TLS_CERT', certFile, pair.cert);
  if (!certificate.checkPrivateKey(readKey(keyFile, pair.key)))
    throw new Error(
      `PARLEY_TLS_CERT=${certFile} and PARLEY_TLS_KEY=${keyFile} do not belong together. Set both to the files of one pair.`,
    );
  checkValidity(certificate, certFile);
  try {
    createSecureContext({ ...pair });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`PARLEY_TLS_CERT=${certFile} cannot be used (${why}). Use another certificate.`, { cause });
  }
}

function readAuthorities(setting: 'TLS_CA' | 'TLS_CLIENT_CA', file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  const pem = readPem(setting, file);
  const [first = '', ...others] = pem.toString('latin1').split(/(?=-----BEGIN)/);
  for (const block of others.length > 0 && !first.startsWith('-----BEGIN') ? others : [first, ...others])
    readCertificate(setting, file, Buffer.from(block, 'latin1'));
  return pem;
}

/**
 * Reads the files of TLS, and checks that they can be used now.
 * @throws {Error} one sentence if plain text is not allowed, only some of the settings are set, or a
 * file cannot be used.
 * @example
 * ```ts
 * import { readSettings } from '@parley/runtime';
 * import { readTlsFiles } from '@parley/service-kit';
 *
 * const { pair } = readTlsFiles(readSettings(process.env)); // undefined: plain text
 * ```
 */
export function readTlsFiles(settings: TlsSettings): TlsFiles {
  const { TLS_CERT, TLS_KEY, TLS_CA, TLS_CLIENT_CA } = settings;
  const pair = keyPair(settings);
  if (TLS_CLIENT_CA !== undefined && (pair === undefined || TLS_CA === undefined))
    throw new Error(
      'PARLEY_TLS_CLIENT_CA needs PARLEY_TLS_CERT, PARLEY_TLS_KEY and PARLEY_TLS_CA. Set all four, or unset PARLEY_TLS_CLIENT_CA.',
    );
  if (pair !== undefined) checkPair(pair, TLS_CERT, TLS_KEY);
  return {
    pair,
    serverCa: readAuthorities('TLS_CA', TLS_CA),
    clientCa: readAuthorities('TLS_CLIENT_CA', TLS_CLIENT_CA),
  };
}
