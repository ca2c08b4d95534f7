/** Why there is no connection. */
export type NoConnection = 'refused' | 'no-name' | 'untrusted' | 'plain-only' | 'not-plain' | 'silent';

const signs: readonly (readonly [RegExp, NoConnection])[] = [
  [/ECONNREFUSED/, 'refused'],
  [/Name resolution failed/, 'no-name'],
  [/wrong version number|packet length too long/, 'plain-only'],
  [/certificate|altnames|CERT_/i, 'untrusted'],
  [/Failed to connect/, 'not-plain'],
];

/** The cause, from what gRPC says about it. */
export function noConnectionOf(details: string): NoConnection {
  return signs.find(([pattern]) => pattern.test(details))?.[1] ?? 'silent';
}

/** The same in words, of which none comes from a server. */
export const noConnectionWords: Readonly<Record<NoConnection, string>> = {
  refused: 'nothing listens there',
  'no-name': 'its name cannot be resolved',
  untrusted: 'its certificate is not trusted',
  'plain-only': 'it does not speak TLS',
  'not-plain': 'it does not answer without TLS',
  silent: 'it does not answer',
};
