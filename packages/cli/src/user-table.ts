import { MemberRole, type User } from '@parley/contract';
import { textTable } from '@parley/runtime';
import { dateAndClock } from './entry-lines.js';
import { terminalLine } from './plain-text.js';

const roleWords: Readonly<Partial<Record<MemberRole, string>>> = {
  [MemberRole.MEMBER]: 'member',
  [MemberRole.ADMIN]: 'admin',
  [MemberRole.OWNER]: 'owner',
};

const roleWithArticle: Readonly<Partial<Record<MemberRole, string>>> = {
  [MemberRole.MEMBER]: 'a member',
  [MemberRole.ADMIN]: 'an admin',
  [MemberRole.OWNER]: 'the owner',
};

/** Returns the standing of a user in a channel, such as `a member`. */
export function standingOf(role: MemberRole): string {
  return roleWithArticle[role] ?? 'not a member';
}

/** Returns the word for a role in a channel, or undefined for no role. */
export function roleOf(role: MemberRole): string | undefined {
  return roleWords[role];
}

/** Converts a user for JSON output. */
export function userValue({ id, name, online, lastSeen, bot, blocked, memberRole, offered }: User) {
  const roles = { role: roleOf(memberRole), offered: roleOf(offered) };
  return { id, name, online, last_seen: lastSeen || undefined, bot, blocked, ...roles };
}

/** Returns the time at which a user was last seen, or an empty text if the user hides it. */
export function seenWords({ online, lastSeen }: User): string {
  if (online) return 'online';
  return lastSeen === 0 ? '' : dateAndClock(lastSeen);
}

function roleCell({ memberRole, offered }: User): string {
  const role = roleOf(memberRole) ?? 'not a member';
  const offer = roleOf(offered);
  return offer === undefined ? role : `${role}, offered: ${offer}`;
}

/** Formats users as a table. */
export function userTable(users: readonly User[], hasRoles: boolean): string {
  const heads = ['id', 'name', ...(hasRoles ? ['role'] : []), 'seen'];
  const rows = users.map((user) => [
    terminalLine(user.id),
    terminalLine(user.name) + (user.bot ? ' (bot)' : '') + (user.blocked ? ' (blocked)' : ''),
    ...(hasRoles ? [roleCell(user)] : []),
    seenWords(user),
  ]);
  return textTable(heads, rows);
}
