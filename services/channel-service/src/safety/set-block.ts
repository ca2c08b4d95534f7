import type { SetBlockRequest } from '@parley/contract';
import { type Pool, type PoolClient, type Queryable, transaction } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { findDirect, pairOf } from '../channels/channel-store.js';
import type { FoundUser } from '../members/member-store.js';
import { readUser, throttleChanges } from '../members/membership.js';
import { readMemberships } from '../members/membership-rules.js';
import { bans } from '../members/moderation.js';
import type { ChatServers, ServerTarget } from '../placement/chat-servers.js';
import { endSeatsInChannel } from '../placement/seat-store.js';
import { withChannel } from '../transactions/locked.js';
import { type LockedChannel, lockUser } from '../transactions/locks.js';
import { addBlock, removeBlock } from './block-store.js';

export interface SetBlockDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

const lastDateMs = 8.64e15;

/**
 * Reads a user whom the caller can see, shares a chat with or has blocked.
 * @throws {Refusal} `invalid-user-id` or `user-not-found`.
 */
async function findTarget(client: Queryable, me: UserCaller, userId: string): Promise<FoundUser> {
  const user = await readUser(client, me, userId, null);
  if (user.id === me.id)
    throw refuse('invalid-user-id', { message: 'You cannot block yourself. Choose another user.' });
  if (!user.visible && !user.shares && !user.blocked && user.directId === null) throw refuse('user-not-found');
  return user;
}

/**
 * Sets the ban of the other user in a locked direct chat. Returns the servers that must end streams
 * of that user.
 */
async function setBan(
  client: PoolClient,
  channel: LockedChannel,
  me: UserCaller,
  user: FoundUser,
  untilMs: number,
): Promise<readonly ServerTarget[]> {
  const [mine, theirs] = await readMemberships(client, channel, [me.id, user.id]);
  if (mine === undefined || theirs === undefined) throw refuse('channel-not-found');
  const { out } = await bans(untilMs).apply({ client, channel, me, mine, user, theirs });
  return out ? endSeatsInChannel.run(client, { channelId: channel.id, userId: user.id }) : [];
}

async function addIn(client: PoolClient, me: UserCaller, userId: string): Promise<FoundUser> {
  await lockUser.run(client, { userId: me.id });
  const user = await findTarget(client, me, userId);
  if (user.blocked) return user;
  const added = await addBlock.run(client, { userId: me.id, blockedId: user.id, maxBlocks: limits.blocksPerUser });
  if (added.length === 0) throw refuse('too-many-blocks');
  return user;
}

/**
 * Blocks the user, then bans them from the direct chat. A repeated call completes an interrupted
 * one.
 */
async function block({ pool, servers }: SetBlockDeps, me: UserCaller, userId: string): Promise<void> {
  const user = await transaction(pool, (client) => addIn(client, me, userId));
  const direct = await findDirect(pool, pairOf(me.id, user.id));
  if (direct === undefined) return;
  const ended = await withChannel(pool, direct, (client, channel) => setBan(client, channel, me, user, lastDateMs));
  for (const server of ended) servers.endUser(server, direct, user.id);
}

async function unblock({ pool }: SetBlockDeps, me: UserCaller, userId: string): Promise<void> {
  const user = await findTarget(pool, me, userId);
  if (!user.blocked) return;
  const lifted = { userId: me.id, blockedId: user.id };
  const direct = await findDirect(pool, pairOf(me.id, user.id));
  if (direct === undefined) return void (await removeBlock.run(pool, lifted));
  await withChannel(pool, direct, async (client, channel) => {
    await removeBlock.run(client, lifted);
    await setBan(client, channel, me, user, 0);
  });
}

/**
 * Handles SetBlock: blocks or unblocks a user. In the direct chat of the two users a block is also
 * a ban, so the blocked user gets the same refusals as a banned one. Lifting the block lifts that
 * ban.
 */
export function createSetBlock(deps: SetBlockDeps) {
  return async ({ userId, blocked }: SetBlockRequest, me: UserCaller): Promise<object> => {
    await throttleChanges(deps.pool, me);
    await (blocked ? block(deps, me, userId) : unblock(deps, me, userId));
    return {};
  };
}
