import {
  checkServer,
  createPool,
  isAway,
  isForbidden,
  migrate,
  openRoles,
  readSecrets,
  roleUrl,
  type ServiceRole,
} from '@parley/database';
import type { Part } from '@parley/runtime';
import { errorText } from '../failure.js';
import { counted } from '../plain-text.js';
import { restored } from '../restored.js';
import { SupervisedPostgres } from './supervised-postgres.js';

/** A migrated database with working logins for its four roles. */
export interface OpenDatabase {
  readonly ownerUrl: string;
  readonly urlFor: (role: ServiceRole) => string;
}

type Print = (line: string) => void;

async function checkGiven(url: string): Promise<void> {
  const pool = createPool({ url, applicationName: 'parley start', max: 1 });
  try {
    await checkServer(pool);
  } catch (cause) {
    const { host, pathname } = new URL(url);
    if (isAway(cause)) {
      throw new Error(`The database ${host}${pathname} does not respond. Start it, or correct --database.`, { cause });
    }
    throw new Error(`The database ${host}${pathname} cannot be used (${errorText(cause)}). Correct --database.`, {
      cause,
    });
  } finally {
    await pool.end();
  }
}

/**
 * Returns the owner's URL of the given database, or of an embedded PostgreSQL. Passes an embedded
 * PostgreSQL to `keep`, so that it is stopped later.
 */
export async function findDatabase(
  given: string | undefined,
  dataDir: string,
  connections: number,
  keep: (part: Part) => void,
  print: Print,
): Promise<string> {
  if (given !== undefined) {
    await checkGiven(given);
    return given;
  }
  print('starting PostgreSQL');
  const postgres = await SupervisedPostgres.start({ dataDir, connections, log: print });
  keep(postgres);
  return postgres.url;
}

function migrationWords(count: number): string {
  return `prepared the database (${counted(count, 'migration')})`;
}

function restoredWords(channels: number): string {
  return `restored from a backup: ${counted(channels, 'channel has', 'channels have')} a new log`;
}

/**
 * Migrates the database and sets the passwords of its roles, from the data folder. With
 * `isRestored`, also gives every channel a new log.
 */
export async function openProjectDatabase(
  ownerUrl: string,
  dataDir: string,
  isRestored: boolean,
  print: Print,
): Promise<OpenDatabase> {
  const secrets = await readSecrets(dataDir);
  try {
    const applied = await migrate(ownerUrl);
    if (applied.length > 0) print(migrationWords(applied.length));
    await openRoles(ownerUrl, secrets);
    if (isRestored) print(restoredWords(await restored({ database: ownerUrl, data: dataDir })));
  } catch (cause) {
    if (!isForbidden(cause)) throw cause;
    throw new Error(
      `The database cannot be prepared (${errorText(cause)}). In --database, name an owner that may create roles.`,
      {
        cause,
      },
    );
  }
  return { ownerUrl, urlFor: (role) => roleUrl(ownerUrl, role, secrets[role]) };
}
