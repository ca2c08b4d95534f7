import { MemberRole } from '@parley/contract';
import { type PoolClient, type Rate, spend } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { type LockedChannel, lockUser } from '../transactions/locks.js';
import type { ChangeContext } from './change-context.js';
import { nextRevision, notifyUser, type OfferedRole, offerRole, setRole, transferOwnership } from './member-store.js';
import { recordChange } from './membership.js';
import type { ChannelMembership } from './membership-rules.js';

/**
 * An addition or an offer: the user who makes it, the user whom it is for, and whether that user
 * was in the channel before.
 */
interface Adding {
  readonly by: string;
  readonly userId: string;
  readonly belonged: boolean;
}

const day = 86_400;
/** Limits the new people that one user contacts: 100 a day. */
export const directRate: Rate = { key: 'direct', secondsPerCall: 864, burst: 100 };
/** Limits the offers that one user may get in one channel. */
const askedRate: Rate = { key: 'asked', secondsPerCall: day, burst: 3 };
/** Limits how often one user who was removed may be added to one channel again. */
const addedThereRate: Rate = { key: 'added', secondsPerCall: 10, burst: 60 };
/** Limits how often one user may add or ask one other user, in all channels together. */
const addedByRate: Rate = { key: 'added-by', secondsPerCall: 3600, burst: 20 };
/**
 * Limits how often all users together may add or ask one user in channels that are new to that
 * user: 20 times the limit of one user.
 */
const addedAnywhereRate: Rate = { key: 'added', secondsPerCall: 60, burst: 400 };

/**
 * Counts an offer or an addition. If the user was in the channel before, it counts only against the
 * caller and the channel.
 */
async function count(
  client: PoolClient,
  rate: Rate,
  { id }: LockedChannel,
  { by, userId, belonged }: Adding,
): Promise<void> {
  const waits = [await spend(client, rate, `${userId}/${id}`), await spend(client, addedByRate, `${by}/${userId}`)];
  if (!belonged) waits.push(await spend(client, addedAnywhereRate, userId));
  const retryAfterMs = Math.max(...waits);
  if (retryAfterMs > 0) {
    throw refuse('change-too-often', {
      message: 'That user has been added or asked too often. Try again later.',
      retryAfterMs,
    });
  }
}

/**
 * Counts an addition by another user.
 * @throws {Refusal} `change-too-often`.
 */
export function throttleAdding(client: PoolClient, channel: LockedChannel, adding: Adding): Promise<void> {
  return count(client, addedThereRate, channel, adding);
}

/**
 * Counts a first contact with a user who shares no chat with the caller. New direct chats count
 * against the same limit.
 * @throws {Refusal} `change-too-often`.
 */
export async function throttleStrangers({ client, me, user, theirs }: ChangeContext): Promise<void> {
  if (theirs.belonged || user.shares) return;
  const retryAfterMs = await spend(client, directRate, me.id);
  if (retryAfterMs > 0) {
    throw refuse('change-too-often', {
      message: 'You have contacted too many new people today. Try again later.',
      retryAfterMs,
    });
  }
}

/**
 * Offers a role to a user, who gets it only by accepting.
 * @throws {Refusal} `change-too-often` or `too-many-offers`.
 */
export async function makeOffer(
  client: PoolClient,
  channel: LockedChannel,
  adding: Adding,
  role: OfferedRole,
): Promise<void> {
  await count(client, askedRate, channel, adding);
  const { userId, by } = adding;
  const [made] = await offerRole.run(client, {
    channelId: channel.id,
    userId,
    role,
    byId: by,
    maxOffers: limits.offersPerUser,
    maxOffersOfOfferer: limits.offersPerOfferer,
  });
  if (made === undefined) throw refuse('too-many-offers');
  await notifyUser.run(client, { kind: 'offered', channelId: channel.id, byId: by, userId });
}

/**
 * Makes the caller the owner, if the current owner offered it. The previous owner stays as a
 * channel admin, if the kind has admins.
 * @throws {Refusal} `not-owner` or `too-many-channels`.
 */
export async function takeOver(
  client: PoolClient,
  channel: LockedChannel,
  me: UserCaller,
  { offered, offeredBy }: ChannelMembership,
): Promise<void> {
  if (offered !== 'owner' || offeredBy !== channel.ownerId) {
    throw refuse('not-owner', { message: 'You have no valid offer to own this channel. Ask the owner.' });
  }
  await lockUser.run(client, { userId: me.id });
  if (channel.kind === 'room') await nextRevision.run(client, { channelId: channel.id });
  else
    await recordChange(client, channel, { userId: me.id, joined: true, role: MemberRole.OWNER, by: channel.ownerId });
  const transferred = await transferOwnership.run(client, {
    channelId: channel.id,
    userId: me.id,
    maxChannels: limits.channelsPerUser,
  });
  if (transferred.length === 0) throw refuse('too-many-channels');
  if (channel.kind === 'room') return;
  await setRole(client, channel.id, channel.ownerId, 'admin');
  await notifyUser.run(client, { kind: 'role', channelId: channel.id, byId: me.id, userId: channel.ownerId });
}
