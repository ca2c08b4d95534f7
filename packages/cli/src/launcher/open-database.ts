import {
  checkServer,
  createPool,
  isAway,
  migrate,
  openRoles,
  readSecrets,
  roleUrl,
  type ServiceRole,
} from '@parley/database';
import type { Part } from '@parley/runtime';
import { KeptPostgres } from './kept-postgres.js';

/** A migrated database whose four roles can log in. */
export interface OpenDatabase {
  readonly ownerUrl: string;
  readonly urlFor: (role: ServiceRole) => string;
}

type Say = (line: string) => void;

function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message || code || error.name;
}

async function checkGiven(url: string): Promise<void> {
  const pool = createPool({ url, applicationName: 'parley start', max: 1 });
  try {
    await checkServer(pool);
  } catch (cause) {
    const { host, pathname } = new URL(url);
    if (isAway(cause)) {
      throw new Error(`The database ${host}${pathname} does not answer: start it, or correct --database.`, { cause });
    }
    const said = words(cause).replace(/\.$/, '');
    throw new Error(`The database ${host}${pathname} cannot be used (${said}): correct --database.`, { cause });
  } finally {
    await pool.end();
  }
}

/** The owner's URL of the database: the given one, or an embedded one, which `keep` gets to stop later. */
export async function findDatabase(
  given: string | undefined,
  dataDir: string,
  connections: number,
  keep: (part: Part) => void,
  say: Say,
): Promise<string> {
  if (given !== undefined) {
    await checkGiven(given);
    return given;
  }
  say('starting PostgreSQL');
  const postgres = await KeptPostgres.start({ dataDir, connections, log: say });
  keep(postgres);
  return postgres.url;
}

/** Migrates the database and lets the roles in, with the passwords of the data folder. */
export async function openProjectDatabase(ownerUrl: string, dataDir: string, say: Say): Promise<OpenDatabase> {
  const secrets = await readSecrets(dataDir);
  try {
    const applied = await migrate(ownerUrl);
    if (applied.length > 0) say(`migrated the database: ${applied.join(', ')}`);
    await openRoles(ownerUrl, secrets);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== '42501') throw cause;
    throw new Error(
      `The database cannot be prepared (${words(cause)}): give --database an owner who may create roles.`,
      {
        cause,
      },
    );
  }
  return { ownerUrl, urlFor: (role) => roleUrl(ownerUrl, role, secrets[role]) };
}
