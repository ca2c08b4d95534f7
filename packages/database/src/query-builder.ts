import {
  CamelCasePlugin,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Database } from './gen/tables.js';
import type { Queryable } from './statement.js';
import { timed } from './statement-timing.js';

/** Characters of its text that name a query in the log. */
const nameCharacters = 80;

const builders = new WeakMap<Queryable, Kysely<Database>>();

/**
 * Returns Kysely's query builder over the tables of the schema `chat`. Its queries run on `client`:
 * a pool, or a client inside a `transaction`. Names are camelCase.
 *
 * @example
 * ```ts
 * await db(client).selectFrom('users').select('passwordHash').where('id', '=', id).executeTakeFirst();
 * ```
 */
export function db(client: Queryable): Kysely<Database> {
  let builder = builders.get(client);
  if (builder === undefined) {
    const plugins = [new CamelCasePlugin({ maintainNestedObjectKeys: true })];
    builder = new Kysely<Database>({ dialect: dialectOn(client), plugins }).withSchema('chat');
    builders.set(client, builder);
  }
  return builder;
}

function dialectOn(client: Queryable): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new QueryableDriver(client),
    createIntrospector: (builder) => new PostgresIntrospector(builder),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class QueryableConnection implements DatabaseConnection {
  readonly #client: Queryable;

  constructor(client: Queryable) {
    this.#client = client;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const query = { text: sql, values: [...parameters] };
    const { rows, rowCount } = await timed(sql.slice(0, nameCharacters), query, (sent) => this.#client.query(sent));
    return { rows, numAffectedRows: BigInt(rowCount ?? 0) };
  }

  streamQuery(): never {
    throw new Error('The query builder cannot stream.');
  }
}

/**
 * Hands every query to one pool or client, whose lifetime and transactions belong to the caller.
 */
class QueryableDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(client: Queryable) {
    this.#connection = new QueryableConnection(client);
  }

  async init(): Promise<void> {}
  async destroy(): Promise<void> {}
  async releaseConnection(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(): Promise<never> {
    throw new Error(
      'The query builder cannot begin a transaction. Use transaction(pool, work), and db(client) inside it.',
    );
  }

  async commitTransaction(): Promise<void> {}
  async rollbackTransaction(): Promise<void> {}
}
