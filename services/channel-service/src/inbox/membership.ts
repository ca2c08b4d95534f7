import type { Queryable } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { refusalOutside } from '../history/readable.js';
import type { Access } from '../members/member-store.js';
import { accessOf } from '../members/membership-rules.js';

/**
 * Returns the facts that decide what the caller may read in a chat, if the caller is a member.
 * @throws {Refusal} `channel-not-found`, `banned`, `not-a-member`, or `wrong-kind` for a room.
 */
export async function readAsMember(client: Queryable, me: UserCaller, channelId: number): Promise<Access> {
  const access = await accessOf(client, me, channelId);
  if (access.kind === 'room') throw refuse('wrong-kind', { message: 'A room has no members. Choose a chat.' });
  if (!access.inside) throw refusalOutside(access);
  return access;
}
