import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { SqlText } from './sql-text.js';
import type { SqlType } from './sql-types.js';
import { timed } from './statement-timing.js';

/** Anything that runs a query: a pool, or a client inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'> | Pick<pg.ClientBase, 'query'>;

/** Parameters or columns of a statement, by camelCase name. */
export type SqlFields = Readonly<Record<string, SqlType<unknown>>>;

type InputOf<Parameters extends SqlFields> = { readonly [Name in keyof Parameters]: Parameters[Name]['input'] };
/** Type of a row with these columns, or `never` if there are none. */
export type OutputOf<Columns extends SqlFields> = keyof Columns extends never
  ? never
  : { readonly [Name in keyof Columns]: Columns[Name]['output'] };

/** Arguments of `run`: the parameters, or nothing if the statement has none. */
type Arguments<Parameters extends SqlFields> = keyof Parameters extends never ? [] : [parameters: InputOf<Parameters>];

/** Type of the rows that a statement returns. */
export type RowOf<S> = S extends Statement<SqlFields, infer Columns> ? OutputOf<Columns> : never;

/** Type of the parameters that a statement takes. */
export type ParametersOf<S> = S extends Statement<infer Parameters, SqlFields> ? InputOf<Parameters> : never;

const runs = new Map<string, number>();

/** Returns how often this process has run each statement, by its name. */
export function statementRuns(): Readonly<Record<string, number>> {
  return Object.fromEntries(runs);
}

/** A statement of a `.sql` file, prepared once on each connection. */
export class Statement<Parameters extends SqlFields, Columns extends SqlFields> {
  readonly name: string;
  /** Text with `$n` for parameters and without constants. */
  readonly text: string;
  readonly parameters: Parameters;
  readonly columns: Columns;
  /** Names of the parameters in the order of their numbers. */
  readonly parameterNames: readonly string[];
  readonly #columnNames: readonly string[];
  readonly #preparedName: string;

  /**
   * Creates a statement. @throws {Error} if the parameters of the text and those declared have
   * different names.
   */
  constructor(name: string, { text, parameters: used }: SqlText, parameters: Parameters, columns: Columns) {
    this.name = name;
    this.text = text;
    this.parameters = parameters;
    this.columns = columns;
    this.parameterNames = used;
    this.#columnNames = Object.keys(columns);
    this.#preparedName = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
    checkNames(name, used, Object.keys(parameters));
  }

  /**
   * Runs the statement and returns its rows.
   * @throws the database error.
   */
  async run(client: Queryable, ...[parameters]: Arguments<Parameters>): Promise<OutputOf<Columns>[]> {
    const values = parameters === undefined ? [] : this.valuesOf(parameters);
    runs.set(this.name, (runs.get(this.name) ?? 0) + 1);
    const query: pg.QueryArrayConfig = { name: this.#preparedName, text: this.text, values, rowMode: 'array' };
    const { rows } = await timed(this.name, query, (sent) => client.query<unknown[]>(sent));
    return rows.map((row) => this.#object(row));
  }

  /**
   * Runs the statement with a cursor in the open transaction of the client, and yields its rows.
   * Only `size` rows are in memory at a time.
   * @throws the database error.
   */
  async *each(
    client: Queryable,
    size: number,
    ...[parameters]: Arguments<Parameters>
  ): AsyncGenerator<OutputOf<Columns>> {
    const values = parameters === undefined ? [] : this.valuesOf(parameters);
    const cursor = `"${this.#preparedName}"`;
    await client.query({ text: `DECLARE ${cursor} NO SCROLL CURSOR FOR ${this.text}`, values });
    for (;;) {
      const { rows } = await client.query<unknown[]>({ text: `FETCH ${size} FROM ${cursor}`, rowMode: 'array' });
      for (const row of rows) yield this.#object(row);
      if (rows.length < size) break;
    }
    await client.query(`CLOSE ${cursor}`);
  }

  /** Returns the values of the parameters in the order of their numbers. */
  valuesOf(parameters: InputOf<Parameters>): unknown[] {
    return this.parameterNames.map((name) => parameters[name]);
  }

  #object(values: readonly unknown[]): OutputOf<Columns> {
    const row: Record<string, unknown> = {};
    for (let at = 0; at < this.#columnNames.length; at++) row[this.#columnNames[at] as string] = values[at];
    return row as OutputOf<Columns>;
  }
}

function checkNames(statement: string, used: readonly string[], declared: readonly string[]): void {
  const unknown = used.filter((name) => !declared.includes(name));
  if (unknown.length > 0) throw new Error(`${statement} uses parameters that are not declared: ${unknown.join(', ')}.`);
  const unused = declared.filter((name) => !used.includes(name));
  if (unused.length > 0)
    throw new Error(`${statement} declares parameters that it does not use: ${unused.join(', ')}.`);
}
