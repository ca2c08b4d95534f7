import { readFile } from 'node:fs/promises';
import { readSettings, type Settings, SettingsError, splitAddress } from '@parley/runtime';
import { type Check, type Finding, skipped } from './check.js';
import { withPool } from './database-access.js';
import type { Surroundings } from './surroundings.js';
import { examine } from './tls.js';

const ifPlain = 'Set PARLEY_TLS_CERT and PARLEY_TLS_KEY of that process, or unset PARLEY_TLS_CA.';
const living = `SELECT name, internal_addr AS addr FROM chat.server WHERE lease_until > now() ORDER BY name, instance_id`;

/** An address that services call, and what listens there. */
interface Called {
  readonly name: string;
  readonly addr: string;
}

function settingsOf(env: NodeJS.ProcessEnv): Settings | undefined {
  try {
    return readSettings(env);
  } catch (thrown) {
    if (thrown instanceof SettingsError) return undefined; // The check of the settings reports it.
    throw thrown;
  }
}

function namedIn({ PARLEY_MANAGERS, PARLEY_USER_SERVICES }: NodeJS.ProcessEnv, settings: Settings): Called[] {
  const managers = PARLEY_MANAGERS ? settings.MANAGERS : [];
  const users = PARLEY_USER_SERVICES ? settings.USER_SERVICES : [];
  return [
    ...managers.map((addr) => ({ name: 'manager', addr })),
    ...users.map((addr) => ({ name: 'user-service', addr })),
  ];
}

async function chatServersIn({ database, timeoutMs }: Surroundings): Promise<Called[]> {
  if (database === undefined) return [];
  const read = withPool(database, timeoutMs, async (pool) => (await pool.query<Called>(living)).rows);
  return read.catch(() => []); // The check of the database reports it.
}

async function judge(called: readonly Called[], file: string, { timeoutMs }: Surroundings): Promise<Finding[]> {
  const ca = await readFile(file).catch(() => undefined); // The check of the settings reports it.
  if (ca === undefined) return [skipped('services', `The file of PARLEY_TLS_CA=${file} cannot be read.`)];
  const each = called.map(({ name, addr }) =>
    examine({ about: `${name} ${addr}`, ...splitAddress(addr) }, { ca, timeoutMs }, ifPlain),
  );
  return (await Promise.all(each)).flat();
}

/** The certificates of the services are valid, and their callers trust them. */
export function servicesTlsCheck(where: Surroundings): Check {
  const run = async (): Promise<Finding[]> => {
    const settings = settingsOf(where.env);
    if (settings?.TLS_CA === undefined) return [skipped('services', 'PARLEY_TLS_CA is not set in this environment.')];
    const called = [...namedIn(where.env, settings), ...(await chatServersIn(where))];
    if (called.length === 0)
      return [skipped('services', 'No service is known.', 'Set PARLEY_MANAGERS, PARLEY_USER_SERVICES or a database.')];
    return judge(called, settings.TLS_CA, where);
  };
  return { name: 'tls of services', run };
}
