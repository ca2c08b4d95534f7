import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type pg from 'pg';
import { int4, int8, loadedSqlFiles, nullable, type SqlFields, SqlType, Statement, text } from '../src/index.js';
import { parseSql } from '../src/sql-text.js';
import { describeStatement } from './describe.js';
import { TestServer } from './server.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Paths of the `.sql` files below the source of all packages and services. */
function sqlFiles(): string[] {
  return ['packages', 'services'].flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((name) => filesBelow(join(root, folder, name, 'src'), '.sql')),
  );
}

function filesBelow(folder: string, extension: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return entries.filter((entry) => entry.endsWith(extension)).map((entry) => join(folder, entry));
  } catch {
    return [];
  }
}

/** Imports the compiled modules in the folder of a `.sql` file. They declare its statements. */
async function importDeclarations(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))) {
    if (!readFileSync(join(folder, name), 'utf8').includes('loadSql(')) continue;
    const compiled = join(folder, name)
      .replace(/\/src\//, '/dist/src/')
      .replace(/\.ts$/, '.js');
    await import(pathToFileURL(compiled).href);
  }
}

let server: TestServer;
let client: pg.PoolClient;
const typeNames = new Map<number, string>();
/** Columns that can be NULL, as `table.column` in object ids. */
const nullableColumns = new Set<string>();

beforeAll(async () => {
  server = TestServer.shared();
  client = await server.pool(await server.migratedDatabase(), 1).connect();
  const types = await client.query<{ oid: number; name: string }>(
    'SELECT oid, format_type(oid, NULL) AS name FROM pg_type',
  );
  for (const { oid, name } of types.rows) typeNames.set(oid, name.replace('character varying', 'text'));
  const columns = await client.query<{ key: string }>(
    "SELECT attrelid || '.' || attnum AS key FROM pg_attribute WHERE attnum > 0 AND NOT attnotnull",
  );
  for (const { key } of columns.rows) nullableColumns.add(key);
});
afterAll(async () => {
  client.release();
  await server.stop();
});

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns the differences between a declaration and PostgreSQL's description of the statement. */
async function differences({ text: sql, parameters, parameterNames, columns }: Statement<SqlFields, SqlFields>) {
  const described = await describeStatement(client, sql);
  const declaredParameters = parameterNames.map((name) => `:${name} ${parameters[name]?.name}`);
  const realParameters = described.parameterTypes.map((type, at) => `:${parameterNames[at]} ${typeNames.get(type)}`);
  const declaredColumns = Object.entries(columns).map(([name, { name: type }]) => `${snakeCase(name)} ${type}`);
  const realColumns = described.columns.map(({ name, dataTypeID }) => `${name} ${typeNames.get(dataTypeID)}`);
  const wronglyNotNull = Object.entries(columns).flatMap(([name, { isNullable }], at) => {
    const column = described.columns[at];
    return !isNullable && nullableColumns.has(`${column?.tableID}.${column?.columnID}`) ? [`${name} can be NULL`] : [];
  });
  const lines = (declared: string[], real: string[]) =>
    declared.join('\n') === real.join('\n') ? [] : [`declared: ${declared.join(', ')}`, `is: ${real.join(', ')}`];
  return [...lines(declaredParameters, realParameters), ...lines(declaredColumns, realColumns), ...wronglyNotNull];
}

test('every statement of every service has the parameters and columns of its declaration', async () => {
  const found: string[] = [];
  let count = 0;
  for (const path of sqlFiles()) await importDeclarations(path);
  for (const file of loadedSqlFiles()) {
    for (const statement of file.declared.values()) {
      count++;
      const wrong = await differences(statement).catch((error: Error) => [error.message]);
      if (wrong.length > 0) found.push(`${file.path} ${statement.name}\n${wrong.join('\n')}`);
    }
  }
  expect(found.join('\n\n')).toBe('');
  expect(count).toBeGreaterThan(0);
});

test('every statement of every .sql file is declared in TypeScript', async () => {
  for (const path of sqlFiles()) await importDeclarations(path);
  const loaded = new Map(loadedSqlFiles().map((file) => [file.path, file]));
  const undeclared = sqlFiles().flatMap((path) => loaded.get(path)?.undeclared ?? [`nothing of ${path}`]);
  expect(undeclared).toEqual([]);
});

function channel(parameters: SqlFields, columns: SqlFields): Statement<SqlFields, SqlFields> {
  const sql = parseSql('SELECT id, alias FROM chat.channel WHERE owner_id = :ownerId AND id > :after', {});
  return new Statement('channel', sql, parameters, columns);
}

const [ownerId, after] = [text, int4];
const right = { id: int4, alias: nullable(text) };
test.each([
  ['nothing', { ownerId, after }, right, []],
  [
    'the type of a parameter',
    { ownerId, after: int8 },
    right,
    ['declared: :ownerId text, :after bigint', 'is: :ownerId text, :after integer'],
  ],
  [
    'the type of a column',
    { ownerId, after },
    { ...right, id: int8 },
    ['declared: id bigint, alias text', 'is: id integer, alias text'],
  ],
  [
    'the name of a column',
    { ownerId, after },
    { channelId: int4, alias: right.alias },
    ['declared: channel_id integer, alias text', 'is: id integer, alias text'],
  ],
  [
    'a column that is missing',
    { ownerId, after },
    { id: int4 },
    ['declared: id integer', 'is: id integer, alias text'],
  ],
  ['a column that can be NULL', { ownerId, after }, { id: int4, alias: new SqlType('text') }, ['alias can be NULL']],
] as [string, SqlFields, SqlFields, string[]][])(
  'finds a difference between a declaration and its statement: %s',
  async (_, parameters, columns, wrong) => {
    expect(await differences(channel(parameters, columns))).toEqual(wrong);
  },
);
