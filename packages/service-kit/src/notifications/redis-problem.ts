/** Sentences for operators, by the first word of an error that Redis sends. */
const refused: Readonly<Record<string, string>> = {
  WRONGPASS: 'refuses the user or the password. Correct PARLEY_REDIS_URL.',
  NOAUTH: 'needs a password. Add it to PARLEY_REDIS_URL.',
  NOPERM: 'denies a command or a channel. Allow the user of PARLEY_REDIS_URL what docs/operating.md lists.',
};
/** Errors that end without a change of settings. */
const passing = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|ERR max number of clients)/;
const badCertificate = /CERT|^UNABLE_TO_/;
const noTls = /SSL|EPROTO/;

function codeOf(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== undefined) return code;
  return cause instanceof AggregateError && cause.errors.length > 0 ? codeOf(cause.errors[0]) : '';
}

/**
 * Returns one sentence that says why Redis at `host` cannot be used, and what to do. It never
 * contains the password.
 */
export function redisProblem(host: string, cause: unknown): string {
  const { message, name } = cause instanceof Error ? cause : new Error(String(cause));
  const redis = `Redis at ${host}`;
  const code = codeOf(cause);
  const sentence = refused[message.split(' ', 1)[0] ?? ''];
  if (sentence !== undefined) return `${redis} ${sentence}`;
  if (badCertificate.test(code))
    return `The certificate of ${redis} is not valid here (${code}). Name its authority in NODE_EXTRA_CA_CERTS, or correct PARLEY_REDIS_URL.`;
  if (noTls.test(code)) return `${redis} uses no TLS. Correct PARLEY_REDIS_URL.`;
  if (code === '' && /ErrorReply$|SimpleError$/.test(name) && !passing.test(message))
    return `${redis} refuses a command (${message.slice(0, 200)}). Use Redis 6 or later, or correct PARLEY_REDIS_URL.`;
  return `${redis} does not respond. Check the network and PARLEY_REDIS_URL, which begins with rediss:// for TLS; Parley tries again.`;
}
