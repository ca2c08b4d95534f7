import { createSecureContext } from 'node:tls';
import { type Logger, type Part, repeat } from '@parley/runtime';
import { type KeyPair, keyPair } from './key-pair.js';

const lookEveryMs = 5_000;

/** Looks at the files of a certificate, and gives `taken` the new pair where they have changed and fit each other. */
export function renewKeyPair(
  settings: Parameters<typeof keyPair>[0],
  log: Logger,
  taken: (pair: KeyPair) => void,
  everyMs: number = lookEveryMs,
): Part {
  let known = keyPair(settings);
  if (known === undefined) return { stop() {} };
  const look = async () => {
    const pair = keyPair(settings);
    if (pair === undefined || (known?.cert.equals(pair.cert) && known.key.equals(pair.key))) return;
    createSecureContext(pair); // throws where only one of the files is new
    known = pair;
    taken(pair);
    log.info('the certificate has changed: new connections get the new one');
  };
  return repeat(everyMs, 0, look, (err) =>
    log.warn({ err }, 'the changed certificate cannot be used: the one before stays, and the files are read again'),
  );
}
