import { oldestPostgres, type Pool } from '@parley/database';
import { shownUrl } from '../owner-database.js';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { unopened, withPool } from './database-access.js';
import type { Surroundings } from './surroundings.js';

/** The facts about a server and a database that are examined. */
export interface ServerFacts {
  readonly number: number;
  readonly version: string;
  readonly encoding: string;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly isOwner: boolean;
}

/** Returns what is wrong with a server or a database. */
export function judgeServer(about: string, facts: ServerFacts): Finding[] {
  const { number, version, encoding, isStandby, isReadOnly } = facts;
  const found: Finding[] = [];
  if (number < oldestPostgres.number)
    found.push(fault(about, `PostgreSQL ${version} is too old.`, `Use version ${oldestPostgres.name} or later.`));
  if (encoding !== 'UTF8')
    found.push(
      fault(
        about,
        `The encoding of the database is ${encoding}.`,
        "Create the database again, with ENCODING 'UTF8', and move the data.",
      ),
    );
  if (isStandby)
    found.push(
      fault(
        about,
        'The server is a standby, which cannot be written.',
        'Give the URL of the primary, or promote this server.',
      ),
    );
  else if (isReadOnly)
    found.push(
      fault(
        about,
        'The database is read-only.',
        'Turn default_transaction_read_only off for the database and its roles.',
      ),
    );
  return found.length > 0 ? found : [works(about, `PostgreSQL ${version} accepts connections and writes.`)];
}

const question = `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
  pg_encoding_to_char(encoding) AS encoding, pg_is_in_recovery() AS "isStandby",
  current_setting('default_transaction_read_only') = 'on' AS "isReadOnly", pg_has_role(datdba, 'MEMBER') AS "isOwner"
FROM pg_database WHERE datname = current_database()`;

/** Reads the facts of a server. @throws the database error */
export async function serverFacts(pool: Pool): Promise<ServerFacts> {
  const { rows } = await pool.query<ServerFacts>(question);
  return rows[0] as ServerFacts;
}

/** The database accepts connections, and can be written. */
export function databaseCheck({ database, timeoutMs }: Surroundings): Check {
  const run = async (): Promise<Finding[]> => {
    if (database === undefined)
      return [
        skipped(
          'database',
          'No database is known.',
          'Give --database, or PARLEY_DATABASE_URL, or --data of a running `npm start`.',
        ),
      ];
    const about = shownUrl(database);
    return withPool(database, timeoutMs, serverFacts).then(
      (facts) => judgeServer(about, facts),
      (thrown: unknown) => [unopened(about, thrown)],
    );
  };
  return { name: 'database', run };
}
