import type { Administration } from '@parley/client/node';
import { type AuditEntry, type ChannelServer, ServerState, UserRole, UserStatus } from '@parley/contract';
import { refuse, shellWord, textTable } from '@parley/runtime';
import { usage } from './failure.js';
import { findOnly } from './find-channel.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** Roles by their name on the command line. */
export const roleWords = { user: UserRole.USER, admin: UserRole.ADMIN } as const;
/** Statuses by their name on the command line. */
export const userStatusWords = { active: UserStatus.ACTIVE, suspended: UserStatus.SUSPENDED } as const;

const stateWords: Readonly<Record<ServerState, string>> = {
  [ServerState.UNSPECIFIED]: 'unknown',
  [ServerState.SERVING]: 'serving',
  [ServerState.DRAINING]: 'draining',
  [ServerState.STOPPED]: 'stopped',
};

/** The facts of a chat server or a gateway that a drain needs. */
type DrainTarget = Pick<ChannelServer, 'id' | 'name' | 'state' | 'lapsed'>;

/**
 * Returns the state of a chat server or gateway as a word. One whose lease has lapsed without a last
 * report is `lost`.
 */
export function stateOf({ state, lapsed }: Pick<DrainTarget, 'state' | 'lapsed'>): string {
  return lapsed && state !== ServerState.STOPPED ? 'lost' : (stateWords[state] ?? 'unknown');
}

function serverValue(server: ChannelServer) {
  const { id, name, addr, internalAddr, tls, load, seats, channelCount, reportAgeMs } = server;
  const value = { id, name, addr, internal_addr: internalAddr, tls, state: stateOf(server) };
  return { ...value, load, channels: channelCount, seats, report_age_ms: reportAgeMs };
}

/** Formats a time that passed. */
export function ago(ms: number): string {
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s ago` : `${Math.floor(ms / 60_000)} min ago`;
}

/** Formats chat servers as a table. */
function serverTable(servers: readonly ChannelServer[]): string {
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

/** Prints the chat servers. Lapsed ones that own no channel are included only if `all` is set. */
export async function printServers(session: CommandSession, all: boolean): Promise<void> {
  const known = await (await session.administration()).servers();
  const servers = all ? known : known.filter(({ lapsed, channelCount }) => !lapsed || channelCount > 0);
  const none = 'No chat server has reported in the last ten minutes.';
  const words = servers.length === 0 ? none : serverTable(servers) + undoDrain('chat server', servers);
  session.print(words, servers.map(serverValue));
}

/**
 * Finds a chat server or gateway by its id, or else the only live one with that name.
 * @throws {Refusal} `server-not-found` @throws {Failure} if several live ones have the name
 */
function pickServer<T extends DrainTarget>(servers: readonly T[], wanted: string): T {
  const byId = servers.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const living = servers.filter(({ lapsed, state }) => !lapsed && state !== ServerState.STOPPED);
  const [named, ...others] = living.filter(({ name }) => name === wanted);
  if (named === undefined)
    throw refuse('server-not-found', { message: `There is no chat server or gateway ${terminalLine(wanted)}.` });
  if (others.length === 0) return named;
  const ids = [named, ...others].map(({ id }) => terminalLine(id)).join(', ');
  throw usage(`Several servers have that name. Give an id: ${ids}.`);
}

/** Drains a chat server or a gateway. */
export async function drain(session: CommandSession, wanted: string): Promise<void> {
  const operator = await session.administration();
  const [servers, gateways]: readonly [DrainTarget[], DrainTarget[]] = await Promise.all([
    operator.servers(),
    operator.gateways(),
  ]);
  const target = pickServer([...servers, ...gateways], wanted);
  const { id, name } = target;
  await operator.drain(id);
  const isGateway = gateways.includes(target);
  const known = isGateway ? gateways : servers;
  const others = known.filter((one) => one.id !== id && stateOf(one) === 'serving').length;
  const outcome = outcomes[isGateway ? 'gateway' : 'chat server'][others === 0 ? 'last' : 'others'];
  const is = stateOf(target) === 'draining' ? 'is already' : 'is';
  session.print(`${terminalLine(name)} ${is} draining. ${outcome}`, { id, name, others });
}

/**
 * Returns a line that says how to undo a drain, or an empty text if no listed process is draining.
 */
export function undoDrain(kind: string, listed: readonly DrainTarget[]): string {
  if (!listed.some((one) => stateOf(one) === 'draining')) return '';
  return `To undo a drain, restart the ${kind}: end its process (\`npm start\` restarts it), or restart its container.\n`;
}

const outcomes = {
  'chat server': {
    others: 'Its channels move to other servers.',
    last: `It gets no new channels.
warning: no other chat server is serving; everyone waits until one starts`,
  },
  gateway: {
    others: 'Its clients reconnect to other gateways.',
    last: `It takes no new streams.
warning: no other gateway is serving; pages and inboxes wait until one starts`,
  },
} as const;

async function channelIdOf(session: CommandSession, wanted: string): Promise<number> {
  if (/^[1-9]\d{0,9}$/.test(wanted)) return Number(wanted); // The id may belong to a channel that this operator cannot see.
  return (await findOnly(await session.loggedIn(), wanted)).id;
}

/** Disconnects a user from one channel, or from all if `wanted` is undefined. */
export async function kickUser(
  session: CommandSession,
  userId: string,
  wanted: string | undefined,
  reason: string,
): Promise<void> {
  const operator = await session.administration();
  const channelId = wanted === undefined ? 0 : await channelIdOf(session, wanted);
  await operator.kick({ userId, channelId, reason });
  const seats = await seatsEnded(operator, (await session.login()).user_id, userId);
  const out = `was disconnected ${channelId === 0 ? 'everywhere' : `from channel ${channelId}`} and may come back.`;
  const notIn = `was not in ${channelId === 0 ? 'any channel' : `channel ${channelId}`}.`;
  const value = { user_id: userId, channel_id: channelId, seats };
  session.print(`${terminalLine(userId)} ${seats === 0 ? notIn : out}`, value);
}

/**
 * Returns the number of seats that the last kick of `target` by `actor` ended, from the audit log.
 * Undefined if that kick is no longer on the first page.
 */
async function seatsEnded(operator: Administration, actor: string, target: string): Promise<number | undefined> {
  const { entries } = await operator.audit();
  const isIt = (one: AuditEntry) => one.actor === actor && one.action === 'user.kick' && one.target === target;
  const { seats } = detailOf(entries.find(isIt)?.detail ?? '{}');
  return typeof seats === 'number' ? seats : undefined;
}

/** Parses the details of an audit entry. Returns an empty object if they are not a JSON object. */
function detailOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    return {};
  }
}

/** The options of `admin user`. */
export interface UserOptions {
  readonly role?: keyof typeof roleWords;
  readonly status?: keyof typeof userStatusWords;
  /** The user's email address, which counts as verified from now on. */
  readonly verifyEmail?: string;
}

/** Sets a user's role or status, or verifies the email address. */
export async function changeUser(session: CommandSession, id: string, change: UserOptions): Promise<void> {
  const { role, status, verifyEmail } = change;
  if (Object.keys(change).length === 0) throw usage('Give --role, --status or --verify-email.');
  const operator = await session.administration();
  const set = await operator.setUser({
    id,
    ...(role && { role: roleWords[role] }),
    ...(status && { status: userStatusWords[status] }),
    ...(verifyEmail !== undefined && { email: verifyEmail, emailVerified: true }),
  });
  const isAdmin = set.role === UserRole.ADMIN;
  const value = { id: set.id, role: isAdmin ? 'admin' : 'user', status: wordOf(set.status) };
  const verified = verifyEmail === undefined ? '' : ` The address ${terminalLine(verifyEmail)} is verified.`;
  session.print(`${terminalLine(set.id)} is ${isAdmin ? 'an operator' : 'a user'}, ${value.status}.${verified}`, value);
}

/** Gives a user a one-time password, and prints it. */
export async function giveOneTimePassword(session: CommandSession, id: string): Promise<void> {
  const password = await (await session.loggedIn()).people.resetPassword(id);
  const words = `The one-time password of ${terminalLine(id)}: ${terminalLine(password)}`;
  session.print(`${words}\nIt opens one session, which must set a new password first.`, { id, password });
}

function wordOf(status: UserStatus): string {
  return status === UserStatus.SUSPENDED ? 'suspended' : 'active';
}

/**
 * Returns the target of an entry as text: the name for a drain, and "direct chat" with its
 * id for a deleted direct chat.
 */
function targetOf({ action, target, detail }: AuditEntry): string {
  const { name, kind } = detailOf(detail);
  if (action === 'channel.delete' && kind === 'direct') return `direct chat ${target}`;
  return action.endsWith('.drain') && typeof name === 'string' ? name : target;
}

/** Formats a time in Unix ms as ISO 8601, even if the server sends an impossible one. */
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

/** The options of `admin audit`. */
export interface AuditOptions {
  readonly size: number;
  readonly after?: string;
}

/** Prints a page of the audit log, newest first. */
export async function showAudit(session: CommandSession, { size, after = '' }: AuditOptions): Promise<void> {
  const { entries, next } = await (await session.administration()).audit({ size, after });
  const more = next === '' ? '' : `\nFor older entries: --after ${shellWord(terminalLine(next))}`;
  const words = entries.length === 0 ? 'The audit log is empty.' : `${auditTable(entries).trimEnd()}${more}`;
  const values = entries.map(({ detail, ...entry }) => ({ ...entry, detail: detailOf(detail) }));
  session.print(words, { entries: values, next });
}
