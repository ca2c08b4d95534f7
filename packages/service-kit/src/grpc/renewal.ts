import { createSecureContext } from 'node:tls';
import { type Logger, type Part, repeat } from '@parley/runtime';
import { type KeyPair, keyPair } from './key-pair.js';

const checkEveryMs = 5_000;

/**
 * Reads the certificate files every `everyMs`. If they have changed and belong together, calls
 * `changed` with the new pair.
 * @example
 * ```ts
 * import { createServer } from 'node:https';
 * import type { Logger, Settings } from '@parley/runtime';
 * import { keyPair, renewKeyPair } from '@parley/service-kit';
 *
 * export function serve(settings: Settings, log: Logger) {
 *   const server = createServer({ ...keyPair(settings) });
 *   const renewal = renewKeyPair(settings, log, (pair) => server.setSecureContext(pair));
 *   return { server, stop: () => renewal.stop() };
 * }
 * ```
 */
export function renewKeyPair(
  settings: Parameters<typeof keyPair>[0],
  log: Logger,
  changed: (pair: KeyPair) => void,
  everyMs: number = checkEveryMs,
): Part {
  let known = keyPair(settings);
  if (known === undefined) return { stop() {} };
  const reload = async () => {
    const pair = keyPair(settings);
    if (pair === undefined || (known?.cert.equals(pair.cert) && known.key.equals(pair.key))) return;
    createSecureContext(pair); // This throws if only one of the files is new.
    known = pair;
    changed(pair);
    log.info('certificate reloaded for new connections');
  };
  return repeat(everyMs, 0, reload, (err) =>
    log.warn({ err }, 'changed certificate is invalid; keeping the old one, will retry'),
  );
}
