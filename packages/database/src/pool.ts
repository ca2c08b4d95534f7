import { outsideCalls } from '@parley/runtime';
import pg from 'pg';
import { ignoreEnvironment } from './environment.js';
import { checkTimeline } from './timeline.js';

/**
 * Grace period, in milliseconds, after the server-side statement timeout before the connection is
 * dropped.
 */
const silenceMs = 5_000;
/** Longest wait for a connection, in milliseconds, unless the settings say otherwise. */
const connectMs = 2_000;
const INT8 = 20;
const NUMERIC = 1700;
const INT8_ARRAY: number = 1016;
const TIMESTAMPTZ: number = 1184;
const LAST_DATE = new Date(8.64e15);

/**
 * URL of a database, `postgres://role:password@host:port/database`, or a function that returns it
 * for each new connection.
 */
export type DatabaseUrl = string | (() => string);

export interface PoolSettings {
  readonly url: DatabaseUrl;
  /** Name that `pg_stat_activity` shows. */
  readonly applicationName: string;
  /** Maximum number of connections. */
  readonly max: number;
  /** Longest wait for a connection, in milliseconds. Default: 2,000. */
  readonly connectWithinMs?: number;
  /** Statement timeout in milliseconds; none means no limit. */
  readonly statementTimeoutMs?: number;
  /** Session settings of each connection, e.g. `{ lock_timeout: '2s' }`. */
  readonly session?: Readonly<Record<string, string>>;
  /** Called for each connection that dies; the next query opens another. */
  readonly onLost?: (error: Error) => void;
  /** Whether each new connection checks that it leads to the right PostgreSQL, as `checkTimeline` describes. */
  readonly checksTimeline?: boolean;
}

function toDate(text: string): Date {
  const time: unknown = pg.types.getTypeParser(TIMESTAMPTZ, 'text')(text);
  return time instanceof Date ? time : LAST_DATE;
}

function toNumbers(text: string): (number | null)[] {
  const items: (string | null)[] = pg.types.getTypeParser(INT8_ARRAY, 'text')(text);
  return items.map((item) => (item === null ? null : Number(item)));
}

const PARSERS = new Map<number, (text: string) => unknown>([
  [INT8, Number],
  [NUMERIC, Number],
  [INT8_ARRAY, toNumbers],
  [TIMESTAMPTZ, toDate],
]);

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && PARSERS.get(oid)) || pg.types.getTypeParser(oid, format as 'text'),
};

/**
 * Settings of every connection. They override the role's defaults, because the role itself may have
 * changed those.
 */
const fixedSettings = { default_transaction_isolation: 'read\\ committed' };

function sessionOptions(session: Readonly<Record<string, string>>): string {
  return Object.entries(session)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/**
 * Returns the timeouts: the server cancels a slow statement, and the client drops the connection a
 * little later if the server does not respond.
 */
function timeoutsOf({ statementTimeoutMs }: PoolSettings) {
  if (statementTimeoutMs === undefined) return {};
  return { statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs + silenceMs };
}

/**
 * Returns a kind of client that connects to the URL as it is then. Its connection belongs to no
 * call, because the calls of a process share it.
 */
function clientOf(url: DatabaseUrl) {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ ...config, connectionString: typeof url === 'string' ? url : url() });
    }

    override connect(): Promise<pg.Client>;
    override connect(done: (error: Error) => void): void;
    override connect(done?: (error: Error) => void) {
      return outsideCalls(() => (done === undefined ? super.connect() : super.connect(done)));
    }
  };
}

/**
 * Creates a connection pool with its own type parsers: int8 and numeric are numbers, timestamptz is
 * a Date (for `infinity`, the latest possible one). The pool connects on the first query. A
 * connection that dies never ends the process.
 */
export function createPool(settings: PoolSettings): pg.Pool {
  ignoreEnvironment();
  const pool = new pg.Pool({
    Client: clientOf(settings.url),
    application_name: settings.applicationName,
    max: settings.max,
    types,
    connectionTimeoutMillis: settings.connectWithinMs ?? connectMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: sessionOptions({ ...fixedSettings, ...settings.session }),
    ...timeoutsOf(settings),
    ...(settings.checksTimeline === true && { onConnect: checkTimeline }),
  });
  const lost = settings.onLost ?? (() => {});
  pool.on('error', lost);
  // The pool removes its own error listener from a client that is checked out, and such a client
  // may die between two statements.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}

/** The oldest PostgreSQL that Parley supports: its version as a number of PostgreSQL, and as text. */
export const oldestPostgres = { number: 150_000, name: '15' } as const;

/**
 * Checks the version of the server.
 * @throws {Error} with one sentence if it is too old, or the database error.
 */
export async function checkServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ number: number; name: string }>(
    "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS name",
  );
  if (rows[0] && rows[0].number >= oldestPostgres.number) return;
  throw new Error(`PostgreSQL ${rows[0]?.name} is too old. Use version ${oldestPostgres.name} or later.`);
}

async function run<T>(pool: pg.Pool, begin: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | boolean = true;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    broken = false;
    return result;
  } catch (error) {
    broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * Runs `work` in one READ COMMITTED transaction: commits when it returns, rolls back when it
 * throws. Closes the connection if the rollback fails.
 * @throws the error of `work` or of the commit.
 */
export function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return run(pool, 'BEGIN', work);
}

/**
 * Runs `work`, whose statements only read and all see the database at one moment.
 * @throws the error of `work`.
 */
export function snapshot<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return run(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work);
}
