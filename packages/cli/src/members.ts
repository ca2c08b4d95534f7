import type { Addition, ParleyClient } from '@parley/client';
import { MemberRole, type User } from '@parley/contract';
import { timeAfter } from './durations.js';
import { exitCodes, usage } from './failure.js';
import { findChannel, findOnly } from './find-channel.js';
import { firstOf } from './first-of.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';
import { roleOf, standingOf, userTable, userValue } from './user-table.js';

/** The changes of `members`; exactly one is given. */
export interface MemberChangeOptions {
  readonly add?: true;
  readonly remove?: true;
  readonly role?: 'member' | 'admin' | 'owner';
  /** A time like `1h`, or `off`. */
  readonly mute?: string;
  readonly ban?: string;
}

/** Maximum number of members that the list prints. */
const mostListed = 1_000;

type Apply = (client: ParleyClient, channelId: number, userId: string) => Promise<User>;

function untilOf(text: string, option: string): number {
  return text === 'off' ? 0 : timeAfter(text, option);
}

/**
 * Returns the one change that the options name.
 * @throws {Failure} if there is none, or more than one
 */
function changeOf({ add, remove, role, mute, ban }: MemberChangeOptions): Apply {
  const given: Apply[] = [];
  if (add) given.push((client, id, userId) => client.members.add(id, userId));
  if (remove) given.push((client, id, userId) => client.members.remove(id, userId));
  if (role === 'owner') given.push((client, id, userId) => client.members.transfer(id, userId));
  else if (role !== undefined) given.push((client, id, userId) => client.members.setRole(id, userId, role));
  if (mute !== undefined) {
    const until = untilOf(mute, '--mute');
    given.push((client, id, userId) => client.members.mute(id, userId, until));
  }
  if (ban !== undefined) {
    const until = untilOf(ban, '--ban');
    given.push((client, id, userId) => client.members.ban(id, userId, until));
  }
  const [only, ...more] = given;
  if (only === undefined || more.length > 0)
    throw usage('Give a user and one change: --add, --remove, --role, --mute or --ban.');
  return only;
}

async function listMembers(session: CommandSession, wanted: string): Promise<void> {
  const client = await session.loggedIn();
  const { id } = await findChannel(client, wanted);
  const onMore = () =>
    output.complain(`* there are more than ${mostListed} members; the list shows the first ones by id`);
  const members = await firstOf(client.members.list(id), mostListed, onMore);
  const none = 'This channel has no members.';
  session.print(members.length === 0 ? none : userTable(members, true), members.map(userValue));
}

/** Returns a sentence with the new standing of the user in the channel. */
function resultOf({ id, memberRole, offered }: User, change: MemberChangeOptions): string {
  const who = terminalLine(id);
  const offer = roleOf(offered);
  if (offer !== undefined) return `${who} gets the role ${offer} by accepting it with \`npx parley join\`.`;
  if (change.mute !== undefined) return change.mute === 'off' ? `${who} may write again.` : `${who} is muted.`;
  if (change.ban !== undefined) return change.ban === 'off' ? `${who} may join again.` : `${who} is banned.`;
  return `${who} is ${memberRole === MemberRole.UNSPECIFIED ? '' : 'now '}${standingOf(memberRole)}.`;
}

/** Returns a sentence with the result for one user of several who were added together. */
function additionWords({ userId, user, refusal }: Addition): string {
  return user === undefined
    ? `${terminalLine(userId)}: ${terminalLine(refusal.message)}`
    : resultOf(user, { add: true });
}

function additionValue(channelId: number, { userId, user, refusal }: Addition): object {
  if (user !== undefined) return { channel_id: channelId, ...userValue(user) };
  const { reason, message, retryAfterMs } = refusal;
  return { channel_id: channelId, id: userId, error: { reason, message, retry_after_ms: retryAfterMs } };
}

/** Adds several users. If some of them are refused, the others are members nevertheless. */
async function addAll(session: CommandSession, wanted: string, userIds: readonly string[]): Promise<void> {
  const client = await session.loggedIn();
  const { id } = await findOnly(client, wanted);
  const additions = await client.members.addAll(id, userIds);
  const values = additions.map((addition) => additionValue(id, addition));
  session.print(additions.map(additionWords).join('\n'), values);
  if (additions.some(({ refusal }) => refusal !== undefined)) process.exitCode = exitCodes.refused;
}

/** Lists the members of a channel, changes one of them, or adds several. */
export async function members(
  session: CommandSession,
  wanted: string,
  userIds: readonly string[],
  change: MemberChangeOptions,
): Promise<void> {
  const [userId] = userIds;
  if (userId === undefined && Object.keys(change).length === 0) return listMembers(session, wanted);
  const apply = changeOf(change);
  if (userId === undefined) throw usage('Give the user to change.');
  if (userIds.length > 1 && change.add === undefined) throw usage('Only --add takes several users.');
  if (userIds.length > 1) return addAll(session, wanted, userIds);
  const client = await session.loggedIn();
  const { id } = await findOnly(client, wanted);
  const user = await apply(client, id, userId);
  session.print(resultOf(user, change), { channel_id: id, ...userValue(user) });
}

/** Leaves a chat. */
export async function leaveChat(session: CommandSession, wanted: string): Promise<void> {
  const { user_id } = await session.login();
  const client = await session.loggedIn();
  const { id, name } = await findOnly(client, wanted);
  await client.members.remove(id, user_id);
  session.print(`You left ${terminalLine(name) || 'the direct chat'} (channel ${id}).`, { id, name });
}
