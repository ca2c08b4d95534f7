import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCluster, type Pool, roleUrl, SERVICE_ROLES, type ServiceRole } from '@parley/database';
import { errorText } from '../failure.js';
import { asFault, type Check, type Finding, fault, skipped, works } from './check.js';
import { serverFacts } from './database.js';
import { unopened, withDatabase, withPool } from './database-access.js';
import type { Surroundings } from './surroundings.js';

const migrate =
  'Run the migrations as the owner of the database. If it has them already, create the four roles, and restore it again.';
const openRoles = 'Restart `npm start`, or run the migration step of the deployment again. Both let the roles log in.';

/** One role of the services, and what it may do in this database. */
interface RoleRow {
  readonly name: ServiceRole;
  readonly mayLogIn: boolean;
  readonly mayUse: boolean;
  readonly tables: number;
}

const rolesQuestion = `SELECT rolname AS name, rolcanlogin AS "mayLogIn",
  EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'chat' AND has_schema_privilege(r.oid, n.oid, 'USAGE')) AS "mayUse",
  (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = 'chat' AND c.relkind = 'r' AND has_any_column_privilege(r.oid, c.oid, 'SELECT')) AS tables
FROM pg_roles r WHERE rolname = ANY ($1)`;

function roleFinding(about: string, role: ServiceRole, row: RoleRow | undefined): Finding | undefined {
  if (row === undefined) return fault(about, `The role ${role} does not exist.`, migrate);
  if (!row.mayLogIn) return fault(about, `The role ${role} may not log in.`, openRoles);
  if (row.mayUse && row.tables > 0) return undefined;
  return fault(
    about,
    `The role ${role} has no rights on the tables.`,
    'The rights were left out of a restore: restore again without --no-privileges, after the four roles exist.',
  );
}

async function clusterFinding(pool: Pool, about: string): Promise<Finding | undefined> {
  try {
    await checkCluster(pool);
    return undefined;
  } catch (thrown) {
    return asFault(about, `${errorText(thrown)}.`);
  }
}

/** Returns the passwords of a data folder; undefined if it has none that can be read. */
async function passwordsIn(data: string): Promise<Partial<Record<ServiceRole, unknown>> | undefined> {
  const text = await readFile(join(data, 'secrets.json'), 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Logs in as each role with the password of the data folder. */
async function loginFindings({ data, isDatabaseOfData, database = '', timeoutMs }: Surroundings): Promise<Finding[]> {
  const passwords = data === undefined || !isDatabaseOfData ? undefined : await passwordsIn(data);
  if (passwords === undefined) return [skipped('passwords', 'The passwords of the roles are not known here.')];
  const logins = SERVICE_ROLES.map(async (role): Promise<Finding> => {
    const url = roleUrl(database, role, String(passwords[role]));
    return withPool(url, timeoutMs, (pool) => pool.query('SELECT')).then(
      () => works(role, 'The role logs in with the password of the data folder.'),
      (thrown: unknown) => unopened(role, thrown),
    );
  });
  return Promise.all(logins);
}

async function judge(pool: Pool, about: string, where: Surroundings): Promise<Finding[]> {
  const { rows } = await pool.query<RoleRow>(rolesQuestion, [[...SERVICE_ROLES]]);
  const ofRoles = SERVICE_ROLES.map((role) =>
    roleFinding(
      about,
      role,
      rows.find(({ name }) => name === role),
    ),
  );
  const found = [await clusterFinding(pool, about), ...ofRoles].filter((one) => one !== undefined);
  const { isOwner } = await serverFacts(pool);
  const logins = isOwner ? await loginFindings(where) : [];
  if (found.length > 0) return [...found, ...logins];
  return [works(about, `The roles ${SERVICE_ROLES.join(', ')} exist and have rights.`), ...logins];
}

/** The roles of the services exist, have rights, and log in. */
export function rightsCheck(where: Surroundings): Check {
  return { name: 'rights', run: () => withDatabase(where, (pool, about) => judge(pool, about, where)) };
}
