import { connectionsFor, type Pool, type Queryable, type ServiceRole, usableConnections } from '@parley/database';
import { settingsTable } from '@parley/runtime';
import { type Check, type Finding, fault, warning, works } from './check.js';
import { doctorName, withDatabase } from './database-access.js';
import type { Surroundings } from './surroundings.js';

/** Connections for migrations, operators and tools. */
const spare = 10;
/** Share of the connections in use. Above it, all may soon be in use. */
const fullShare = 0.9;

const living = `SELECT (SELECT count(*) FROM chat.server WHERE lease_until > now() AND state <> 'stopped') AS chat_server,
  (SELECT count(*) FROM chat.gateway WHERE lease_until > now() AND state <> 'stopped') AS chat_gateway`;

/**
 * Managers and user-services do not report to the database, so without an `npm start` of this
 * database there is at least one of each.
 */
async function countProcesses(
  pool: Pool,
  { run, isDatabaseOfData }: Surroundings,
): Promise<Record<ServiceRole, number>> {
  const { rows } = await pool.query<{ chat_server: number; chat_gateway: number }>(living);
  const { chat_server = 0, chat_gateway = 0 } = rows[0] ?? {};
  const services = isDatabaseOfData ? run?.services : undefined;
  const named = (name: string) => services?.filter((one) => one.name.startsWith(name)).length ?? 1;
  return { chat_user: named('user-service'), chat_manager: named('channel-service'), chat_server, chat_gateway };
}

// Users who are neither superusers nor in pg_read_all_stats see these columns of every session, but not `backend_type`.
const used = `SELECT count(*) AS used FROM pg_stat_activity WHERE datid IS NOT NULL AND application_name <> $1`;

/** Returns the number of connections of all users to all databases, without those of `parley doctor`. */
export async function usedConnections(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ used: number }>(used, [doctorName]);
  return rows[0]?.used ?? 0;
}

async function judge(pool: Pool, about: string, where: Surroundings): Promise<Finding[]> {
  const ofEach = Number(where.env.PARLEY_DATABASE_CONNECTIONS || settingsTable.DATABASE_CONNECTIONS.fallback);
  const usable = await usableConnections(pool);
  const wanted = connectionsFor(await countProcesses(pool, where), ofEach) + spare;
  const inUse = await usedConnections(pool);
  const facts = `PostgreSQL has ${usable} connections for services, ${inUse} are in use, and the processes that run want up to ${wanted}.`;
  if (usable < wanted)
    return [
      fault(
        about,
        facts,
        `Raise max_connections by ${wanted - usable} and restart PostgreSQL, or lower PARLEY_DATABASE_CONNECTIONS (${ofEach}).`,
      ),
    ];
  if (inUse > usable * fullShare)
    return [warning(about, facts, 'Raise max_connections, or stop other programs that use this PostgreSQL.')];
  return [works(about, facts)];
}

/** PostgreSQL has enough connections for every process. */
export function connectionsCheck(where: Surroundings): Check {
  return { name: 'connections', run: () => withDatabase(where, (pool, about) => judge(pool, about, where)) };
}
