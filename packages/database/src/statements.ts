import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';

/** Whatever runs a query: a pool, or a client inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'> | Pick<pg.ClientBase, 'query'>;

/** One `.sql` file, prepared by name on each connection. */
export class Statement<Row extends pg.QueryResultRow, Values extends readonly unknown[]> {
  /** The name it is prepared under: the file's, and a digest so that two files of one name never meet. */
  readonly name: string;
  readonly text: string;

  constructor(name: string, text: string) {
    this.name = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
    this.text = text;
  }

  /** The rows it answers. Throws the database error. */
  async run(client: Queryable, values: Values): Promise<Row[]> {
    const { rows } = await client.query<Row>({ name: this.name, text: this.text, values: [...values] });
    return rows;
  }
}

/** `sql<Row, [channelId: number]>('listen-lock')` reads `listen-lock.sql`; it throws if there is none. */
export type StatementLoader = <
  Row extends pg.QueryResultRow = Record<string, never>,
  Values extends readonly unknown[] = readonly [],
>(
  name: string,
) => Statement<Row, Values>;

/**
 * Loads statements from the folder of the calling module, by its `import.meta.url`. Compiled code lives in
 * `dist/src/`, where tsc copies no .sql: the files are read from the source folder beside `dist`. A statement may name a
 * constant as `:NAME`; its value from `constants` takes its place. Throws if a statement names one that is not there.
 */
export function statements(importMetaUrl: string, constants: Readonly<Record<string, string>> = {}): StatementLoader {
  const source = importMetaUrl.replace(/\/dist\/(?!.*\/dist\/)/, '/');
  return <Row extends pg.QueryResultRow, Values extends readonly unknown[]>(name: string) => {
    const text = readFileSync(fileURLToPath(new URL(`${name}.sql`, source)), 'utf8');
    return new Statement<Row, Values>(name, withConstants(text, constants));
  };
}

function withConstants(text: string, constants: Readonly<Record<string, string>>): string {
  return text.replace(/(?<![:\w]):([A-Z][A-Z_]+)\b/g, (_, name: string) => {
    const value = constants[name];
    if (value === undefined) throw new Error(`a statement names the constant ${name}, which does not exist`);
    return value;
  });
}
