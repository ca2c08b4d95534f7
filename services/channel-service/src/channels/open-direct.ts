import type { Channel, User } from '@parley/contract';
import { type PoolClient, transaction } from '@parley/database';
import { Refusal, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import type { ChangeActor, ChangeSubject } from '../members/change-context.js';
import { enter, type FoundUser } from '../members/member-store.js';
import { addMembers, checkMayOpenDirect, enterChannel, readUser, throttleChanges } from '../members/membership.js';
import { readMemberships } from '../members/membership-rules.js';
import { directRate, makeOffer, throttleAdding } from '../members/offers.js';
import { checkBotChannel } from '../requests/bot-channel.js';
import { limitRate } from '../requests/rate-limit.js';
import { withChannel } from '../transactions/locked.js';
import { type LockedChannel, lockUser } from '../transactions/locks.js';
import { createDirect, findDirect, pairOf, type UserPair } from './channel-store.js';
import { type CreateDeps, throttleCreation } from './create.js';
import { describeChannel } from './describe.js';

/**
 * Creates the chat. Locks both users. A concurrent block therefore either came first and is seen
 * here, or comes later and finds the chat. Returns its id, or undefined if the chat exists already.
 * @throws {Refusal} `user-not-found` or `user-blocked`.
 */
async function make(
  client: PoolClient,
  me: UserCaller,
  pair: UserPair,
  retentionSeconds: number | null,
): Promise<number | undefined> {
  for (const userId of [pair.low, pair.high]) await lockUser.run(client, { userId });
  const other = await readUser(client, me, pair.low === me.id ? pair.high : pair.low, null);
  if (other.blocked) throw refuse('user-blocked');
  if (!other.reachable || other.bars) throw refuse('user-not-found');
  const [made] = await createDirect.run(client, { openerId: me.id, ...pair, retentionSeconds });
  if (made === undefined) return undefined;
  await enter.run(client, { channelId: made.id, userIds: [pair.low, pair.high], afterSeq: 0, isOpenHistory: true });
  return made.id;
}

/**
 * Makes an offer to return to a user who has left by choice, or adds one who was removed, if the
 * limits for offers and additions allow it. The caller does not learn whether they did.
 */
async function bringBack({ client, channel, me }: ChangeActor, { user, theirs }: ChangeSubject): Promise<void> {
  const adding = { by: me, userId: user.id, belonged: true };
  try {
    if (theirs.leftByChoice) return await makeOffer(client, channel, adding, 'member');
    await throttleAdding(client, channel, adding);
    await addMembers(client, channel, [user.id], me.id);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
  }
}

/**
 * Adds the caller again if they had left, and the other user if a block or ban had removed them and
 * has ended. A user who left by choice gets an offer instead. If the other user has banned the
 * caller, the refusal is the same as for a missing user.
 */
async function reopen(client: PoolClient, channel: LockedChannel, me: UserCaller, other: FoundUser): Promise<void> {
  const [mine, theirs] = await readMemberships(client, channel, [me.id, other.id]);
  if (mine === undefined || theirs === undefined) throw refuse('channel-not-found');
  if (mine.bannedForMs > 0) throw refuse('user-not-found');
  await enterChannel(client, channel, me.id, mine);
  const mayReturn = theirs.rank === 'none' && theirs.bannedForMs === 0 && other.reachable && !other.blocked;
  if (mayReturn) await bringBack({ client, channel, me, mine }, { user: other, theirs });
}

async function begin(deps: CreateDeps, me: UserCaller, pair: UserPair, call: Call): Promise<number | undefined> {
  const { pool, longestRetention } = deps;
  await throttleCreation(deps, me, call);
  await limitRate(pool, directRate, me, 'create-too-often');
  const made = await transaction(pool, (client) => make(client, me, pair, longestRetention));
  return made ?? findDirect(pool, pair);
}

async function open(deps: CreateDeps, me: UserCaller, otherId: string, call: Call): Promise<number | undefined> {
  const { pool } = deps;
  const other = await readUser(pool, me, otherId, null);
  if (other.id === me.id)
    throw refuse('invalid-user-id', { message: 'You cannot open a direct chat with yourself. Choose another user.' });
  if (other.bars) throw refuse('user-not-found');
  const { directId: known } = other;
  if (known === null) {
    if (!other.reachable) throw refuse('user-not-found');
    if (other.blocked) throw refuse('user-blocked');
    await checkMayOpenDirect(pool, other.id);
    return begin(deps, me, pairOf(me.id, other.id), call);
  }
  await withChannel(pool, known, (client, channel) => reopen(client, channel, me, other));
  return known;
}

/** Handles OpenDirect: returns the one chat of two users and creates it on first use. */
export function createOpenDirect(deps: CreateDeps) {
  const { pool } = deps;
  return async ({ id: otherId }: User, me: UserCaller, call: Call): Promise<Channel> => {
    checkBotChannel(me, null);
    await throttleChanges(pool, me);
    const id = await open(deps, me, otherId, call);
    if (id === undefined) throw refuse('channel-not-found');
    return describeChannel(pool, me, id);
  };
}
