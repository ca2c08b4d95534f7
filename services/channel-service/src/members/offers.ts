import { MemberRole } from '@parley/contract';
import { type PoolClient, type Rate, refund, spend } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import type { LockedChannel } from '../transactions/locks.js';
import type { ChangeContext, ChangeSubject } from './change-context.js';
import { nextRevision, notifyUsers, type OfferedRole, offerRole, setRole, transferOwnership } from './member-store.js';
import { recordChange } from './membership.js';
import { checkMayOwn, lockNextOwner, tooManyChannels } from './ownership.js';

/**
 * An addition or an offer: the caller who makes it, the user whom it is for, and whether that user
 * was in the channel before.
 */
interface Adding {
  readonly by: UserCaller;
  readonly userId: string;
  readonly belonged: boolean;
}

/** Returns the id of the user against whose limits a caller contacts people. */
const payerOf = ({ id, creatorId }: UserCaller) => creatorId ?? id;

const day = 86_400;
/** Limits the new people that one user contacts: 100 in a burst, then one every 864 s. */
export const directRate: Rate = { key: 'direct', secondsPerCall: 864, burst: 100 };
/** Limits the offers that one user may get in one channel: 3 in a burst, then one a day. */
const askedRate: Rate = { key: 'asked', secondsPerCall: day, burst: 3 };
/** Limits how often one user who was removed may be added to one channel again. */
const addedThereRate: Rate = { key: 'added', secondsPerCall: 10, burst: 60 };
/**
 * Limits how often one user may add one other user, or make them an offer, in all channels
 * together.
 */
const addedByRate: Rate = { key: 'added-by', secondsPerCall: 3600, burst: 20 };
/**
 * Limits how often all users together may add one user, or make them an offer, in channels that are
 * new to that user: 400 times in a burst, then once a minute.
 */
const addedAnywhereRate: Rate = { key: 'added', secondsPerCall: 60, burst: 400 };

/** A rate, and the key that a call counts against. */
type Counted = readonly [rate: Rate, key: string];

/** Takes back the counts of one user, because the other users in the same transaction may still be added. */
async function takeBack(client: PoolClient, counted: readonly Counted[]): Promise<void> {
  for (const [rate, key] of counted) await refund(client, rate, key);
}

/**
 * Counts an offer or an addition, or nothing if a rate refuses it. For a user who was in the channel
 * before, the rate of all callers together is left out. Returns the rates that have counted it.
 */
async function count(
  client: PoolClient,
  rate: Rate,
  { id }: LockedChannel,
  { by, userId, belonged }: Adding,
): Promise<readonly Counted[]> {
  const counted: Counted[] = [];
  const anywhere: Counted[] = belonged ? [] : [[addedAnywhereRate, userId]];
  const all: readonly Counted[] = [[rate, `${userId}/${id}`], [addedByRate, `${payerOf(by)}/${userId}`], ...anywhere];
  for (const [of, key] of all) {
    const retryAfterMs = await spend(client, of, key);
    if (retryAfterMs > 0) {
      await takeBack(client, counted);
      const message = 'That user was added, or was made an offer, too often. Try again later.';
      throw refuse('change-too-often', { message, retryAfterMs });
    }
    counted.push([of, key]);
  }
  return counted;
}

/**
 * Counts an addition by another user.
 * @throws {Refusal} `change-too-often`.
 */
export async function throttleAdding(client: PoolClient, channel: LockedChannel, adding: Adding): Promise<void> {
  await count(client, addedThereRate, channel, adding);
}

/**
 * Counts first contacts: users who share no chat with the caller and never belonged to the channel.
 * New direct chats count against the same limit.
 * @throws {Refusal} `change-too-often`.
 */
export async function throttleStrangers(
  client: PoolClient,
  me: UserCaller,
  contacted: readonly ChangeSubject[],
): Promise<void> {
  const strangers = contacted.filter(({ user, theirs }) => !theirs.belonged && !user.shares);
  if (strangers.length === 0) return;
  const retryAfterMs = await spend(client, directRate, payerOf(me), strangers.length);
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
  const counted = await count(client, askedRate, channel, adding);
  const { userId, by } = adding;
  const [made] = await offerRole.run(client, {
    channelId: channel.id,
    userId,
    role,
    byId: by.id,
    payerId: payerOf(by),
    maxOffers: limits.offersPerUser,
    maxOffersOfOfferer: limits.offersPerOfferer,
  });
  if (made === undefined) {
    await takeBack(client, counted);
    throw refuse('too-many-offers');
  }
  await notifyUsers.run(client, { kind: 'offered', channelId: channel.id, byId: by.id, userIds: [userId] });
}

/**
 * Makes the caller the owner, if the current owner offered it. The previous owner stays as a
 * channel admin, if the kind has admins.
 * @throws {Refusal} `not-owner`, `banned`, `invalid-member-change` or `too-many-channels`.
 */
export async function takeOver(context: ChangeContext): Promise<void> {
  const { client, channel, me, user } = context;
  const { offered, offeredBy, bannedForMs } = context.mine;
  if (offered !== 'owner' || offeredBy !== channel.ownerId) {
    throw refuse('not-owner', { message: 'You have no valid offer to own this channel. Ask the owner.' });
  }
  if (bannedForMs > 0) throw refuse('banned', { retryAfterMs: bannedForMs });
  checkMayOwn(user);
  const owner = await lockNextOwner(client, me.id);
  if (channel.kind === 'room') await nextRevision.run(client, { channelId: channel.id });
  else
    await recordChange(client, channel, { userId: me.id, joined: true, role: MemberRole.OWNER, by: channel.ownerId });
  const transferred = await transferOwnership.run(client, {
    channelId: channel.id,
    userId: me.id,
    maxChannels: owner.maxChannels,
  });
  if (transferred.length === 0) throw tooManyChannels(owner);
  if (channel.kind === 'room') return;
  await setRole(client, channel.id, channel.ownerId, 'admin');
  await notifyUsers.run(client, { kind: 'role', channelId: channel.id, byId: me.id, userIds: [channel.ownerId] });
}
