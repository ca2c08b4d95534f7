import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSql, splitStatements } from './sql-text.js';
import { type SqlFields, Statement } from './statement.js';

/** All files that this process has loaded, for the test that compares them with the database. */
const loaded: SqlFile[] = [];

export function loadedSqlFiles(): readonly SqlFile[] {
  return loaded;
}

/** The named statements of one `.sql` file. */
export class SqlFile {
  /** Path of the file. */
  readonly path: string;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #constants: Readonly<Record<string, string>>;
  readonly #declared = new Map<string, Statement<SqlFields, SqlFields>>();

  /** Loads a file. @throws {Error} if the file is missing or malformed. */
  constructor(path: string, constants: Readonly<Record<string, string>>) {
    this.path = path;
    this.#constants = constants;
    this.#sources = this.#checked(() => splitStatements(readFileSync(path, 'utf8')));
  }

  /** Statements declared in TypeScript, by name. */
  get declared(): ReadonlyMap<string, Statement<SqlFields, SqlFields>> {
    return this.#declared;
  }

  /** Names of statements that are in the file but not declared. */
  get undeclared(): readonly string[] {
    return [...this.#sources.keys()].filter((name) => !this.#declared.has(name));
  }

  /**
   * Declares a statement with the types of its parameters and of its columns, in the order of the
   * columns in the result.
   * @throws {Error} if the file has no such statement or its parameters have other names.
   */
  statement<Parameters extends SqlFields = Record<never, never>, Columns extends SqlFields = Record<never, never>>(
    name: string,
    parameters = {} as Parameters,
    columns = {} as Columns,
  ): Statement<Parameters, Columns> {
    return this.#checked(() => {
      const source = this.#sources.get(name);
      if (source === undefined) throw new Error(`There is no statement ${name}.`);
      const statement = new Statement(name, parseSql(source, this.#constants), parameters, columns);
      this.#declared.set(name, statement);
      return statement;
    });
  }

  #checked<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new Error(`${this.path}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/**
 * Loads a `.sql` file that is next to the calling module, given its `import.meta.url`. Compiled
 * code is in `dist/src/`, to which tsc copies no .sql, so it reads the source folder next to
 * `dist`. `constants` are the values of `:UPPER_CASE` names.
 * @throws {Error} if the file is missing or malformed.
 */
export function loadSql(
  fileName: string,
  importMetaUrl: string,
  constants: Readonly<Record<string, string>> = {},
): SqlFile {
  const source = importMetaUrl.replace(/\/dist\/(?!.*\/dist\/)/, '/');
  const file = new SqlFile(fileURLToPath(new URL(fileName, source)), constants);
  loaded.push(file);
  return file;
}
