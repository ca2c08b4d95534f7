import type { DeleteUserRequest } from '@parley/contract';
import type { Pool, PoolClient } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { requireUserId } from '../members/membership.js';
import type { ChatServers } from '../placement/chat-servers.js';
import { type EndedSeats, endSeats } from '../placement/seat-store.js';
import { endingSeats } from '../transactions/locked.js';
import { deleteUser } from './deletion-store.js';
import { readAccount } from './operator-store.js';

export interface DeleteUserDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

interface DeletedAccount {
  readonly userId: string;
  /** Servers that must end streams of the user. */
  readonly ended: readonly EndedSeats[];
}

async function deleteIn(
  client: PoolClient,
  { userId: asked, purge }: DeleteUserRequest,
  me: UserCaller,
): Promise<DeletedAccount> {
  const [account] = await readAccount.run(client, { userId: asked });
  if (account === undefined) throw refuse('user-not-found');
  const { id: userId } = account;
  const ended = await endSeats.run(client, { channelId: null, userId });
  const [answer] = await deleteUser.run(client, { actorId: me.id, userId, purge });
  if (answer?.outcome !== 'done') throw refuse(answer?.outcome ?? 'user-not-found');
  return { userId, ended };
}

/**
 * Handles DeleteUser: blanks the account and ends its sessions and streams. A background task then
 * ends its memberships within seconds and, if `purge` is set, deletes its messages.
 */
export function createDeleteUser({ pool, servers }: DeleteUserDeps) {
  return async (request: DeleteUserRequest, me: UserCaller): Promise<object> => {
    requireUserId(request.userId);
    const { userId, ended } = await endingSeats(pool, (client) => deleteIn(client, request, me));
    for (const server of ended) servers.endStreams(server, { userId }, 'logged-out');
    return {};
  };
}
