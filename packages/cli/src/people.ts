import type { User } from '@parley/contract';
import { firstOf } from './first-of.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';
import { userTable, userValue } from './user-table.js';

function firstUsers(users: AsyncIterable<User>, size: number): Promise<User[]> {
  return firstOf(users, size, () => output.complain(`* there are more than ${size}; give --size, or a longer text`));
}

/** Finds users by the start of their id or name, or by number. */
export async function findPeople(session: CommandSession, text: string, size: number): Promise<void> {
  const client = await session.loggedIn();
  const found = await firstUsers(client.people.search(text, { size }), size);
  const none = 'No one was found. People can hide their profiles.';
  session.print(found.length === 0 ? none : userTable(found, false), found.map(userValue));
}

/** Blocks a user, or lists the blocked ones. */
export async function block(session: CommandSession, userId: string | undefined): Promise<void> {
  const client = await session.loggedIn();
  if (userId === undefined) {
    const blocked = await firstUsers(client.people.blocked(), 1_000);
    const table = blocked.length === 0 ? 'You have blocked nobody.' : userTable(blocked, false);
    return session.print(table, blocked.map(userValue));
  }
  await client.people.block(userId);
  const words = `${terminalLine(userId)} can no longer write to you directly or notify you, and does not learn of it.`;
  session.print(words, { user_id: userId, blocked: true });
}

/** Lifts a block. */
export async function unblock(session: CommandSession, userId: string): Promise<void> {
  await (await session.loggedIn()).people.unblock(userId);
  session.print(`${terminalLine(userId)} is not blocked any more.`, { user_id: userId, blocked: false });
}
