import { createPool, type Pool } from '@parley/database';
import { errorCode, errorText } from '../failure.js';
import { shownUrl } from '../owner-database.js';
import { type Finding, fault, skipped } from './check.js';
import type { Surroundings } from './surroundings.js';

/** Name of the sessions of `parley doctor` in PostgreSQL. */
export const doctorName = 'parley doctor';

/** Sentences and advice for codes of errors, by the beginning of the code. */
const causes: readonly (readonly [RegExp, string, string])[] = [
  [
    /^ENOTFOUND|^EAI_AGAIN/,
    'The name of the database server does not resolve.',
    'Correct the host in the database URL.',
  ],
  [
    /^ECONNREFUSED/,
    'No PostgreSQL listens there.',
    'Start PostgreSQL, or correct the host and port in the database URL.',
  ],
  [
    /^28P01|^28000/,
    'PostgreSQL refuses the user or the password.',
    'Correct them in the database URL. `npm start`, and the migration step of a deployment, set the passwords of the services again.',
  ],
  [/^3D000/, 'The database does not exist.', 'Create it, or correct its name in the database URL.'],
  [/^53300/, 'PostgreSQL has no connection left.', 'Raise max_connections, or stop programs that hold connections.'],
  [/^57P03/, 'PostgreSQL is starting or stopping.', 'Wait, and read its log.'],
  [
    /CERT|ALTNAME|self.signed/i,
    'The certificate of PostgreSQL is not trusted.',
    'Correct sslrootcert and the host in the database URL.',
  ],
];

/** Returns the finding for a connection to PostgreSQL that failed. */
export function unopened(about: string, thrown: unknown): Finding {
  const first = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const text = `${errorCode(first)} ${errorText(first)}`;
  const found = causes.find(([pattern]) => pattern.test(text));
  if (found !== undefined) return fault(about, found[1], found[2]);
  const isSilent = /timeout|timed out|ETIMEDOUT/i.test(text);
  if (isSilent)
    return fault(
      about,
      'PostgreSQL does not respond.',
      'Check the host and port in the database URL, and the firewall on the way.',
    );
  return fault(about, `PostgreSQL cannot be used (${errorText(first)}).`, 'Correct the database URL.');
}

/** Opens a pool with one connection, calls `work` with it, and closes it. @throws the error of `work` */
export async function withPool<T>(url: string, timeoutMs: number, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool({
    url,
    applicationName: doctorName,
    max: 1,
    connectWithinMs: timeoutMs,
    statementTimeoutMs: timeoutMs,
  });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/**
 * Calls `work` with a connection to the database. If there is no database to try, or it cannot be
 * reached, returns a finding that says so.
 */
export async function withDatabase(
  { database, timeoutMs }: Surroundings,
  work: (pool: Pool, about: string) => Promise<Finding[]>,
): Promise<Finding[]> {
  if (database === undefined)
    return [
      skipped(
        'database',
        'No database is known.',
        'Give --database, or PARLEY_DATABASE_URL, or --data of a running `npm start`.',
      ),
    ];
  const about = shownUrl(database);
  return withPool(database, timeoutMs, async (pool) => {
    try {
      await pool.query('SELECT');
    } catch {
      return [skipped(about, 'The database cannot be used; the check "database" says why.')];
    }
    return work(pool, about);
  });
}
