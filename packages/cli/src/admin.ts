import type { Administration } from '@parley/client/node';
import { type AuditEntry, type ChannelServer, ServerState, UserRole, UserStatus } from '@parley/contract';
import { refuse, shellWord, textTable } from '@parley/runtime';
import { usage } from './failure.js';
import { findOnly } from './find-channel.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

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
  return lapsed && state !== ServerState.STOPPED ? 'lost' : (stateWords[state] ?? 'unknown');
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
    terminalLine(server.name),
    terminalLine(server.addr),
    terminalLine(server.internalAddr),
    stateOf(server),
    server.load.toFixed(2),
    String(server.channelCount),
    String(server.seats),
    ago(server.reportAgeMs),
    terminalLine(server.id),
  ]);
  return textTable(['name', 'address', 'internal', 'state', 'load', 'channels', 'seats', 'reported', 'id'], rows);
}

/** Lists the chat servers; those that are gone only where all are asked for. */
export async function printServers(session: CommandSession, all: boolean): Promise<void> {
  const known = await (await session.administration()).servers();
  const servers = all ? known : known.filter(({ lapsed, channelCount }) => !lapsed || channelCount > 0);
  const none = 'no chat server has reported in the last ten minutes';
  const undo = servers.some((one) => stateOf(one) === 'draining') ? undoDrain : '';
  session.print(servers.length === 0 ? none : serverTable(servers) + undo, servers.map(serverValue));
}

/** The server of that id, else the only living one of that name. Throws a Refusal or a Failure. */
export function pickServer(servers: readonly ChannelServer[], wanted: string): ChannelServer {
  const byId = servers.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const living = servers.filter(({ lapsed, state }) => !lapsed && state !== ServerState.STOPPED);
  const [named, ...others] = living.filter(({ name }) => name === wanted);
  if (named === undefined) throw refuse('server-not-found', { words: `no such chat server: ${terminalLine(wanted)}` });
  if (others.length === 0) return named;
  const ids = [named, ...others].map(({ id }) => terminalLine(id)).join(', ');
  throw usage(`several chat servers have that name: give an id (${ids})`);
}

/** Empties a chat server. */
export async function drain(session: CommandSession, wanted: string): Promise<void> {
  const door = await session.administration();
  const known = await door.servers();
  const { id, name } = pickServer(known, wanted);
  await door.drain(id);
  const others = known.filter((one) => one.id !== id && stateOf(one) === 'serving').length;
  session.print(`${terminalLine(name)} drains: ${others === 0 ? nobodyServes : goElsewhere}`, { id, name, others });
}

const undoDrain =
  'To undo a drain, restart that chat server: end its process (`npm start` starts it again), or restart its container.\n';
const goElsewhere = 'its channels go elsewhere, and it gets no others';
const nobodyServes = `it gets no more channels
warning: no other chat server is serving; everybody waits until one is started`;

async function channelIdOf(session: CommandSession, wanted: string): Promise<number> {
  if (/^[1-9]\d{0,9}$/.test(wanted)) return Number(wanted); // also of one that only its members see
  return (await findOnly(await session.loggedIn(), wanted)).id;
}

/** Ends the streams of a user, in one channel or everywhere. */
export async function kickUser(
  session: CommandSession,
  userId: string,
  wanted: string | undefined,
  reason: string,
): Promise<void> {
  const door = await session.administration();
  const channelId = wanted === undefined ? 0 : await channelIdOf(session, wanted);
  await door.kick({ userId, channelId, reason });
  const seats = await seatsEnded(door, (await session.login()).user_id, userId);
  const out = `is out ${channelId === 0 ? 'everywhere' : `in channel ${channelId}`}, and may come back`;
  const notIn = `was not inside ${channelId === 0 ? 'anywhere' : `channel ${channelId}`}`;
  const value = { user_id: userId, channel_id: channelId, seats };
  session.print(`${terminalLine(userId)} ${seats === 0 ? notIn : out}`, value);
}

/** How many seats the last kick of that user by that administrator has ended, as the audit says; undefined where others came between. */
async function seatsEnded(door: Administration, actor: string, target: string): Promise<number | undefined> {
  const { entries } = await door.audit();
  const isIt = (one: AuditEntry) => one.actor === actor && one.action === 'user.kick' && one.target === target;
  const { seats } = detailOf(entries.find(isIt)?.detail ?? '{}');
  return typeof seats === 'number' ? seats : undefined;
}

/** The facts of an act; none where the server wrote no JSON object. */
function detailOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    return {};
  }
}

/** What `admin user` sets. */
export interface UserChange {
  readonly role?: keyof typeof roleWords;
  readonly status?: keyof typeof userStatusWords;
}

/** Sets a user's role or status. */
export async function changeUser(session: CommandSession, id: string, { role, status }: UserChange): Promise<void> {
  if (role === undefined && status === undefined) throw usage('say what is to be set: --role or --status');
  const door = await session.administration();
  const set = await door.setUser({
    id,
    ...(role && { role: roleWords[role] }),
    ...(status && { status: userStatusWords[status] }),
  });
  const isAdmin = set.role === UserRole.ADMIN;
  const value = { id: set.id, role: isAdmin ? 'admin' : 'user', status: wordOf(set.status) };
  session.print(`${terminalLine(set.id)} is ${isAdmin ? 'an administrator' : 'a user'}, ${value.status}`, value);
}

function wordOf(status: UserStatus): string {
  return status === UserStatus.SUSPENDED ? 'suspended' : 'active';
}

/** Of a drain the name of the server, which people know it by. */
function targetOf({ action, target, detail }: AuditEntry): string {
  const { name } = action === 'server.drain' ? detailOf(detail) : {};
  return typeof name === 'string' ? name : target;
}

/** A server can say any number. */
function isoTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString();
}

function auditTable(entries: readonly AuditEntry[]): string {
  const rows = entries.map((entry) =>
    [isoTime(entry.at), entry.actor, entry.action, targetOf(entry), entry.detail].map(terminalLine),
  );
  return textTable(['at', 'by', 'action', 'of', 'detail'], rows);
}

/** Which page of the audit. */
export interface AuditOptions {
  readonly size: number;
  readonly after?: string;
}

/** Shows what administrators did, the newest first. */
export async function showAudit(session: CommandSession, { size, after = '' }: AuditOptions): Promise<void> {
  const { entries, next } = await (await session.administration()).audit({ size, after });
  const more = next === '' ? '' : `\nmore with --after ${shellWord(terminalLine(next))}`;
  const words = entries.length === 0 ? 'nothing yet' : `${auditTable(entries).trimEnd()}${more}`;
  const values = entries.map(({ detail, ...entry }) => ({ ...entry, detail: detailOf(detail) }));
  session.print(words, { entries: values, next });
}
