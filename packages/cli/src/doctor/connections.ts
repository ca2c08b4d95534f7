import { type Pool, type Queryable, usableConnections } from '@parley/database';
import { settingsTable } from '@parley/runtime';
import { type Check, type Finding, fault, warning, works } from './check.js';
import { doctorName, withDatabase } from './database-access.js';
import type { Surroundings } from './surroundings.js';

/** Number of processes of each kind. */
export interface ProcessCounts {
  readonly users: number;
  readonly managers: number;
  readonly chatServers: number;
  readonly gateways: number;
}

/** Connections beside the pool: for the append queue, for searches, and for LISTEN. */
const extra = { chatServers: 3, managers: 2, gateways: 1 } as const;
/** Connections for migrations, operators and tools. */
const spare = 10;
/** Share of the connections in use. Above it, all may soon be in use. */
const fullShare = 0.9;

/** Returns the number of connections that processes want at most. */
export function wantedConnections({ users, managers, chatServers, gateways }: ProcessCounts, ofEach: number): number {
  const pools = (users + managers + chatServers + gateways) * ofEach;
  return pools + chatServers * extra.chatServers + managers * extra.managers + gateways * extra.gateways + spare;
}

const living = `SELECT (SELECT count(*) FROM chat.server WHERE lease_until > now() AND state <> 'stopped') AS "chatServers",
  (SELECT count(*) FROM chat.gateway WHERE lease_until > now() AND state <> 'stopped') AS gateways`;

/**
 * Managers and user-services do not report to the database, so without an `npm start` of this
 * database there is at least one of each.
 */
async function countProcesses(pool: Pool, { run, isDatabaseOfData }: Surroundings): Promise<ProcessCounts> {
  const { rows } = await pool.query<{ chatServers: number; gateways: number }>(living);
  const { chatServers = 0, gateways = 0 } = rows[0] ?? {};
  const services = isDatabaseOfData ? run?.services : undefined;
  const named = (name: string) => services?.filter((one) => one.name.startsWith(name)).length ?? 1;
  return { users: named('user-service'), managers: named('channel-service'), chatServers, gateways };
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
  const wanted = wantedConnections(await countProcesses(pool, where), ofEach);
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
