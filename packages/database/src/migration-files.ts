import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Migrations folder, seen from dist/src: tsc copies no .sql. */
const FOLDER = new URL('../../migrations/', import.meta.url);

/** The last migration that does not say whether earlier versions can run with it. They cannot. */
const lastWithoutKind = '0112_bot_commands';

/** The first line of a migration. */
const kindLine = /^-- (?:expand|contract (\d{4}_\w+))\n/;

/** A migration of this version. */
export interface MigrationFile {
  readonly name: string;
  readonly text: string;
  /** A migration that a service must know in order to run with the schema that this one makes. */
  readonly required: string | undefined;
}

/**
 * Returns the migration that a service must know in order to run with the schema that the migration
 * `name` makes. Returns undefined if this migration only expands the schema.
 * @throws {Error} if its text does not say which of both it is
 */
export function requiredBy(name: string, text: string): string | undefined {
  if (name <= lastWithoutKind) return name;
  const [line, required] = kindLine.exec(text) ?? [];
  if (line !== undefined && (required ?? '') < name) return required;
  throw new Error(
    `Migration ${name} does not say whether the previous version can run with it. Begin it with "-- expand", or with "-- contract" and an earlier migration that services must know.`,
  );
}

/** Returns the names of the migrations of this version, in order. */
export async function knownMigrations(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => /^\d{4}_.*\.sql$/.test(file))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

/** Reads the migrations of this version, in order. */
export async function migrationFiles(): Promise<MigrationFile[]> {
  const names = await knownMigrations();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(fileURLToPath(new URL(`${name}.sql`, FOLDER)), 'utf8');
      return { name, text, required: requiredBy(name, text) };
    }),
  );
}
