import type { Pool } from '@parley/database';
import { type Check, type Finding, fault, works } from './check.js';
import { withDatabase } from './database-access.js';
import type { Surroundings } from './surroundings.js';

/** Settings that make commits durable, and the damage when each is off. */
const needed = {
  fsync: 'A power cut can damage the whole database.',
  full_page_writes: 'A power cut can damage pages of the database.',
  synchronous_commit: 'A crash of PostgreSQL loses messages that were acknowledged.',
} as const;

type Durability = keyof typeof needed;

function offFinding(about: string, name: Durability, where: string): Finding {
  return fault(about, `${name} is off${where}. ${needed[name]}`, `Set ${name} = on${where}.`);
}

/** A setting of a role, in this database or in every database. */
interface RoleSetting {
  readonly setting: string;
  readonly role: string | null;
}

const roleSettings = `SELECT unnest(s.setconfig) AS setting, r.rolname AS role FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())) AND r.rolname LIKE 'chat\\_%'`;

async function judge(pool: Pool, about: string): Promise<Finding[]> {
  const names = Object.keys(needed) as Durability[];
  const { rows } = await pool.query<{ name: Durability; setting: string }>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
    [names],
  );
  const { rows: ofRoles } = await pool.query<RoleSetting>(roleSettings);
  const found = rows.filter(({ setting }) => setting === 'off').map(({ name }) => offFinding(about, name, ''));
  const ofServices = ofRoles.filter(({ setting }) => setting === 'synchronous_commit=off');
  found.push(...ofServices.map(({ role }) => offFinding(about, 'synchronous_commit', ` for the role ${role}`)));
  return found.length > 0 ? found : [works(about, `${names.join(', ')} are on, so commits survive a crash.`)];
}

/** PostgreSQL keeps what it has committed. */
export function durabilityCheck(where: Surroundings): Check {
  return { name: 'durability', run: () => withDatabase(where, judge) };
}
