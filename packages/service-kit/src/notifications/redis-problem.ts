/** A problem with Redis, for operators. Neither sentence ever contains the password. */
export interface RedisProblem {
  readonly words: string;
  /** What to change. */
  readonly change: string;
}

/** Problems and advice, by the first word of an error that Redis sends. */
const refused: Readonly<Record<string, readonly [string, string]>> = {
  WRONGPASS: ['refuses the user or the password.', 'Correct PARLEY_REDIS_URL.'],
  NOAUTH: ['needs a password.', 'Add it to PARLEY_REDIS_URL.'],
  NOPERM: ['denies a command or a channel.', 'Allow the user of PARLEY_REDIS_URL what docs/operating.md lists.'],
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

/** Returns why Redis at `url` cannot be used, and what to change. */
export function redisProblem(url: string, cause: unknown): RedisProblem {
  const { message, name } = cause instanceof Error ? cause : new Error(String(cause));
  const redis = `Redis at ${new URL(url).host}`;
  const code = codeOf(cause);
  const [does, change] = refused[message.split(' ', 1)[0] ?? ''] ?? [];
  if (does !== undefined && change !== undefined) return { words: `${redis} ${does}`, change };
  if (badCertificate.test(code))
    return {
      words: `The certificate of ${redis} is not valid here (${code}).`,
      change: 'Name its authority in NODE_EXTRA_CA_CERTS, or correct PARLEY_REDIS_URL.',
    };
  if (noTls.test(code)) return { words: `${redis} uses no TLS.`, change: 'Correct PARLEY_REDIS_URL.' };
  if (code === '' && /ErrorReply$|SimpleError$/.test(name) && !passing.test(message))
    return {
      words: `${redis} refuses a command (${message.slice(0, 200)}).`,
      change: 'Use Redis 6 or later, or correct PARLEY_REDIS_URL.',
    };
  return {
    words: `${redis} does not respond.`,
    change: 'Check the network and PARLEY_REDIS_URL, which begins with rediss:// for TLS; Parley tries again.',
  };
}

/** Formats a problem as one line. */
export function problemText({ words, change }: RedisProblem): string {
  return `${words} ${change}`;
}
