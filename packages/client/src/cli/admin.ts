import { type AuditEntry, type ChannelServer, ServerState, UserRole, UserStatus } from '@parley/contract';
import { refuse, textTable } from '@parley/runtime';
import { usage } from './failure.js';
import { plainLine } from './plain-text.js';
import { findChannel, type Session } from './session.js';

export const roleWords = { user: UserRole.USER, admin: UserRole.ADMIN } as const;
export const userStatusWords = { active: UserStatus.ACTIVE, suspended: UserStatus.SUSPENDED } as const;

const stateWords: Readonly<Record<ServerState, string>> = {
  [ServerState.UNSPECIFIED]: 'unknown',
  [ServerState.SERVING]: 'serving',
  [ServerState.DRAINING]: 'draining',
  [ServerState.STOPPED]: 'stopped',
};

/** A server whose lease is over without a goodbye has fallen silent. */
function stateOf({ state, lapsed }: ChannelServer): string {
  return lapsed && state !== ServerState.STOPPED ? 'lost' : stateWords[state];
}

function serverValue(server: ChannelServer) {
  const { id, name, addr, internalAddr, tls, load, seats, channelCount, reportAgeMs } = server;
  const said = { id, name, addr, internal_addr: internalAddr, tls, state: stateOf(server) };
  return { ...said, load, channels: channelCount, seats, report_age_ms: reportAgeMs };
}

function ago(ms: number): string {
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s ago` : `${Math.floor(ms / 60_000)} min ago`;
}

/** Chat servers, for people. */
export function serverTable(servers: readonly ChannelServer[]): string {
  const rows = servers.map((server) => [
    plainLine(server.name),
    plainLine(server.addr),
    plainLine(server.internalAddr),
    stateOf(server),
    server.load.toFixed(2),
    String(server.channelCount),
    String(server.seats),
    ago(server.reportAgeMs),
    server.id,
  ]);
  return textTable(['name', 'address', 'internal', 'state', 'load', 'channels', 'seats', 'reported', 'id'], rows);
}

/** Lists the chat servers; those that are gone only where all are asked for. */
export async function listServers(session: Session, all: boolean): Promise<void> {
  const known = await (await session.administration()).servers();
  const servers = all ? known : known.filter(({ lapsed, channelCount }) => !lapsed || channelCount > 0);
  const none = 'no chat server has reported in the last ten minutes';
  session.print(servers.length === 0 ? none : serverTable(servers), servers.map(serverValue));
}

/** The server of that id, else the only living one of that name. Throws a Refusal or a Failure. */
export function pickServer(servers: readonly ChannelServer[], wanted: string): ChannelServer {
  const byId = servers.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const living = servers.filter(({ lapsed, state }) => !lapsed && state !== ServerState.STOPPED);
  const [named, ...others] = living.filter(({ name }) => name === wanted);
  if (named === undefined) throw refuse('server-not-found', { words: `no chat server ${plainLine(wanted)} lives` });
  if (others.length === 0) return named;
  const ids = [named, ...others].map(({ id }) => id).join(', ');
  throw usage(`several chat servers have that name: give an id (${ids})`);
}

/** Empties a chat server. */
export async function drain(session: Session, wanted: string): Promise<void> {
  const door = await session.administration();
  const { id, name } = pickServer(await door.servers(), wanted);
  await door.drain(id);
  session.print(`${plainLine(name)} drains: its channels go elsewhere, and it gets no others`, { id, name });
}

async function channelIdOf(session: Session, wanted: string): Promise<number> {
  if (/^[1-9]\d{0,9}$/.test(wanted)) return Number(wanted); // also of one that only its members see
  return (await findChannel(await session.loggedIn(), wanted)).id;
}

/** Ends the streams of a user, in one channel or everywhere. */
export async function kick(
  session: Session,
  userId: string,
  wanted: string | undefined,
  reason: string,
): Promise<void> {
  const door = await session.administration();
  const channelId = wanted === undefined ? 0 : await channelIdOf(session, wanted);
  await door.kick({ userId, channelId, reason });
  const where = channelId === 0 ? 'everywhere' : `in channel ${channelId}`;
  session.print(`${plainLine(userId)} is out ${where}, and may come back`, { user_id: userId, channel_id: channelId });
}

/** What `admin user` sets. */
export interface UserChange {
  readonly role?: keyof typeof roleWords;
  readonly status?: keyof typeof userStatusWords;
}

/** Sets a user's role or status. */
export async function setUser(session: Session, id: string, { role, status }: UserChange): Promise<void> {
  if (role === undefined && status === undefined) throw usage('say what is to be set: --role or --status');
  const door = await session.administration();
  const set = await door.setUser({
    id,
    ...(role && { role: roleWords[role] }),
    ...(status && { status: userStatusWords[status] }),
  });
  const isAdmin = set.role === UserRole.ADMIN;
  const value = { id: set.id, role: isAdmin ? 'admin' : 'user', status: wordOf(set.status) };
  session.print(`${plainLine(set.id)} is ${isAdmin ? 'an administrator' : 'a user'}, ${value.status}`, value);
}

function wordOf(status: UserStatus): string {
  return status === UserStatus.SUSPENDED ? 'suspended' : 'active';
}

function auditTable(entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ at, actor, action, target, detail }) =>
    [new Date(at).toISOString(), actor, action, target, detail].map(plainLine),
  );
  return textTable(['at', 'by', 'action', 'of', 'detail'], rows);
}

/** Which page of the audit. */
export interface AuditOptions {
  readonly size: number;
  readonly after?: string;
}

/** Shows what administrators did, the newest first. */
export async function showAudit(session: Session, { size, after = '' }: AuditOptions): Promise<void> {
  const { entries, next } = await (await session.administration()).audit({ size, after });
  const more = next === '' ? '' : `\nmore with --after ${next}`;
  const words = entries.length === 0 ? 'nothing yet' : `${auditTable(entries).trimEnd()}${more}`;
  const values = entries.map(({ detail, ...entry }) => ({ ...entry, detail: JSON.parse(detail) as unknown }));
  session.print(words, { entries: values, next });
}
