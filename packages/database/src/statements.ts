import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import type { Queryable } from './statement.js';

/** One `.sql` file, prepared under a name on each connection. */
export class PositionalStatement<Row extends pg.QueryResultRow, Values extends readonly unknown[]> {
  /**
   * Name of the prepared statement: the file's, with a digest so that two files of one name do not
   * collide.
   */
  readonly name: string;
  readonly text: string;

  constructor(name: string, text: string) {
    this.name = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
    this.text = text;
  }

  /**
   * Runs the statement and returns its rows.
   * @throws the database error.
   */
  async run(client: Queryable, values: Values): Promise<Row[]> {
    const { rows } = await client.query<Row>({ name: this.name, text: this.text, values: [...values] });
    return rows;
  }
}

/**
 * Returns a loader of statements from the folder of the calling module, given its
 * `import.meta.url`. Compiled code is in `dist/src/`, where tsc copies no .sql, so it reads the
 * source folder beside `dist`. A statement may use a constant as `:NAME`, which is replaced with
 * its value from `constants`.
 * @throws if a statement names an unknown constant.
 */
export type StatementLoader = <
  Row extends pg.QueryResultRow = Record<string, never>,
  Values extends readonly unknown[] = readonly [],
>(
  name: string,
) => PositionalStatement<Row, Values>;

/**
 * Loads statements from the folder of the calling module, by its `import.meta.url`. Compiled code lives in
 * `dist/src/`, where tsc copies no .sql: the files are read from the source folder beside `dist`. A statement may name a
 * constant as `:NAME`; its value from `constants` takes its place. Throws if a statement names one that is not there.
 */
export function statements(importMetaUrl: string, constants: Readonly<Record<string, string>> = {}): StatementLoader {
  const source = importMetaUrl.replace(/\/dist\/(?!.*\/dist\/)/, '/');
  return <Row extends pg.QueryResultRow, Values extends readonly unknown[]>(name: string) => {
    const text = readFileSync(fileURLToPath(new URL(`${name}.sql`, source)), 'utf8');
    return new PositionalStatement<Row, Values>(name, withConstants(text, constants));
  };
}

function withConstants(text: string, constants: Readonly<Record<string, string>>): string {
  return text.replace(/(?<![:\w]):([A-Z][A-Z_]+)\b/g, (_, name: string) => {
    const value = constants[name];
    if (value === undefined) throw new Error(`Unknown constant ${name} in a statement. Add it to the constants.`);
    return value;
  });
}
