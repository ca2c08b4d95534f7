import { createECDH } from 'node:crypto';

const curve = 'prime256v1';

/** The keys with which an installation identifies itself to push services (VAPID), in base64url. */
export interface PushKeys {
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * Returns the keys for a private key in base64url.
 * @throws {Error} one sentence, if it is no private key of P-256.
 */
export function pushKeysOf(privateKey: string): PushKeys {
  const pair = createECDH(curve);
  try {
    pair.setPrivateKey(privateKey, 'base64url');
  } catch {
    throw new Error('PARLEY_PUSH_KEY is no private key of P-256. Make one with `npx web-push generate-vapid-keys`.');
  }
  return { privateKey, publicKey: pair.getPublicKey('base64url') };
}
