import type { Queryable } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { refusalOutside } from '../history/readable.js';
import { type Access, readAccess } from '../members/member-store.js';

/**
 * Reads what a member may read in a chat.
 * @throws {Refusal} `channel-not-found`, `banned`, `not-a-member`, or `wrong-kind` for a room.
 */
export async function readAsMember(client: Queryable, me: UserCaller, channelId: number): Promise<Access> {
  const [access] = await readAccess.run(client, { channelId, userId: me.id });
  if (access === undefined) throw refuse('channel-not-found');
  if (access.kind === 'room') throw refuse('wrong-kind', { message: 'A room has no members. Choose a chat.' });
  if (!access.inside) throw refusalOutside(access);
  return access;
}
