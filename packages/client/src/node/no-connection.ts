/** Cause of a failed connection. */
export type NoConnection = 'refused' | 'no-name' | 'untrusted' | 'plain-only' | 'not-plain' | 'silent';

const signs: readonly (readonly [RegExp, NoConnection])[] = [
  [/ECONNREFUSED/, 'refused'],
  [/Name resolution failed/, 'no-name'],
  [/wrong version number|packet length too long/, 'plain-only'],
  [/certificate|altnames|CERT_/i, 'untrusted'],
  [/Failed to connect/, 'not-plain'],
];

/**
 * Finds the cause in the details of a gRPC status.
 * @example
 * ```ts
 * import { Refusal } from '@parley/client';
 * import { noConnectionOf, noConnectionWords } from '@parley/client/node';
 *
 * function why({ cause }: Refusal): string {
 *   return noConnectionWords[noConnectionOf(cause instanceof Error ? cause.message : '')];
 * }
 * ```
 */
export function noConnectionOf(details: string): NoConnection {
  return signs.find(([pattern]) => pattern.test(details))?.[1] ?? 'silent';
}

/**
 * Text for each cause, to complete "... cannot be reached: ". The client writes these texts, not
 * the server.
 */
export const noConnectionWords: Readonly<Record<NoConnection, string>> = {
  refused: 'nothing listens on that port',
  'no-name': 'its name does not resolve',
  untrusted: 'its certificate is not trusted',
  'plain-only': 'it does not speak TLS',
  'not-plain': 'it requires TLS',
  silent: 'it does not respond',
};
