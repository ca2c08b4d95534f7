const AWAY_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: starting, or in recovery
  '57P05', // idle_session_timeout
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
  '53300', // too_many_connections
  '25006', // read-only: a primary that has become a standby
]);

/** Messages of pg and pg-pool errors that have no code. */
const AWAY_WORDS = [
  'timeout exceeded when trying to connect',
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'Query read timeout',
];

interface Failure {
  readonly severity?: unknown;
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

function asFailure(error: unknown): Failure {
  return typeof error === 'object' && error !== null ? error : {};
}

function codeOf(error: unknown): string {
  const { code } = asFailure(error);
  return typeof code === 'string' ? code : '';
}

/**
 * Returns whether the database is unreachable or has closed the connection. The statement may or
 * may not have been committed; a retry may work.
 */
export function isAway(error: unknown): boolean {
  const { message, cause } = asFailure(error);
  const code = codeOf(error);
  if (AWAY_CODES.has(code) || /^08...$/.test(code)) return true;
  if (typeof message === 'string' && AWAY_WORDS.some((words) => message.startsWith(words))) return true;
  return cause !== undefined && isAway(cause);
}

/**
 * Returns whether the database reported an error and rolled the transaction back, so that nothing
 * was changed. Returns false after a lost connection, because then the outcome is unknown.
 */
export function isRolledBack(error: unknown): boolean {
  return asFailure(error).severity === 'ERROR' && !isAway(error);
}

/**
 * Returns whether the database ran out of disk space or memory, or could not read or write a file,
 * and rolled the transaction back.
 */
export function isOutOfResources(error: unknown): boolean {
  return isRolledBack(error) && /^5[38]/.test(codeOf(error));
}

/** Returns whether a unique key is taken: that of `constraint`, or any. */
export function isDuplicate(error: unknown, constraint?: string): boolean {
  return codeOf(error) === '23505' && (constraint === undefined || asFailure(error).constraint === constraint);
}

/**
 * Returns whether a row lock timed out or deadlocked. The transaction is rolled back; a retry may
 * work.
 */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03' || codeOf(error) === '40P01';
}

/** Returns whether the user lacks a right. */
export function isForbidden(error: unknown): boolean {
  return codeOf(error) === '42501';
}

/** Returns whether a lock or a statement timed out. Nothing was changed; a retry may work. */
export function isBusy(error: unknown): boolean {
  return isLockTimeout(error) || codeOf(error) === '57014';
}
