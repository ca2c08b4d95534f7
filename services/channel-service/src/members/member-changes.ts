import { type ChangeMemberRequest, MemberRole } from '@parley/contract';
import { refuse } from '@parley/runtime';
import { ranks } from '../requests/ranks.js';
import type { LockedChannel } from '../transactions/locks.js';
import type { Change, ChangeContext, ChangedMember } from './change-context.js';
import { endOffer, notifyUser, setRole } from './member-store.js';
import { addMember, recordChange } from './membership.js';
import { checkManages, checkVisible } from './membership-rules.js';
import { bans, mutes, remove } from './moderation.js';
import { makeOffer, takeOver, throttleAdding, throttleStrangers } from './offers.js';

function notInRooms({ kind }: LockedChannel): void {
  if (kind === 'room') throw refuse('wrong-kind', { message: 'A room has no members. Call Listen to enter it.' });
}

/** Adds the caller by their own choice: to a public chat, back to a direct chat, or by an offer. */
async function enterChannel({ client, channel, me, mine }: ChangeContext): Promise<ChangedMember> {
  await addMember(client, channel, me.id, mine, me.id);
  return { rank: mine.rank === 'none' ? 'member' : mine.rank, out: false };
}

function mustAdd({ channel, mine, user, theirs }: ChangeContext): void {
  if (mine.rank === 'none') throw refuse('not-a-member');
  if (channel.kind === 'direct' && !theirs.known) {
    throw refuse('wrong-kind', { message: 'Nobody can be added to a direct chat. Create a group instead.' });
  }
  if (channel.kind !== 'group' && channel.kind !== 'direct') checkManages(channel, mine);
  if (theirs.rank === 'none' && (!user.reachable || user.bars)) throw refuse('user-not-found');
  if (theirs.rank === 'none' && theirs.bannedForMs > 0) {
    const message = 'That user is banned from this channel. Lift the ban first.';
    throw refuse('banned', { message, retryAfterMs: theirs.bannedForMs });
  }
}

const add: Change = async (context) => {
  const { client, channel, me, mine, user, theirs } = context;
  checkVisible(channel, mine);
  notInRooms(channel);
  if (user.id === me.id) return enterChannel(context);
  mustAdd(context);
  if (theirs.rank !== 'none') return { rank: theirs.rank, out: false };
  const adding = { by: me.id, userId: user.id, belonged: theirs.belonged };
  if (theirs.leftByChoice) {
    await makeOffer(client, channel, adding, 'member');
    return { rank: 'none', out: false, offered: 'member' };
  }
  await throttleStrangers(context);
  await throttleAdding(client, channel, adding);
  await addMember(client, channel, user.id, theirs, me.id);
  return { rank: 'member', out: false };
};

/** Accepts the offer if the role matches the offer, otherwise declines it. */
async function respondToOffer(context: ChangeContext, role: MemberRole): Promise<ChangedMember> {
  const { client, channel, me, mine } = context;
  checkVisible(channel, mine);
  if (mine.rank === 'owner') throw refuse('owner-stays');
  if (role === MemberRole.OWNER) {
    await takeOver(client, channel, me, mine);
    return { rank: 'owner', out: false };
  }
  if (mine.offered === 'member' && role === MemberRole.MEMBER) return enterChannel(context);
  if (mine.offered === null) throw refuse('not-owner', { message: 'Only the owner can set roles. Ask the owner.' });
  await endOffer(client, channel.id, me.id);
  return { rank: mine.rank, out: false };
}

function mustGiveRoles({ channel, mine, theirs }: ChangeContext): void {
  checkVisible(channel, mine);
  if (mine.rank !== 'owner') throw refuse('not-owner', { message: 'Only the owner can set roles. Ask the owner.' });
  if (theirs.rank === 'none' && channel.kind !== 'room') throw refuse('member-not-found');
}

/**
 * Offers the channel to a user. An offer to a user who has blocked the caller ends at once, as if
 * it had been declined, so that the answer does not reveal the block.
 */
async function offerOwnership(context: ChangeContext): Promise<ChangedMember> {
  const { client, channel, me, user, theirs } = context;
  if (!user.reachable && theirs.rank === 'none') throw refuse('user-not-found');
  await throttleStrangers(context);
  await makeOffer(client, channel, { by: me.id, userId: user.id, belonged: theirs.belonged }, 'owner');
  await endOffer(client, channel.id, user.bars ? user.id : ''); // Nobody has the empty id: the time reveals nothing either.
  return { rank: theirs.rank, out: false, offered: 'owner' };
}

/** Makes a user an admin or a plain member. Withdraws an open offer to that user. */
async function giveRole(
  { client, channel, me, user, theirs }: ChangeContext,
  rank: 'admin' | 'member',
): Promise<ChangedMember> {
  if (theirs.offered === null) notInRooms(channel);
  await endOffer(client, channel.id, user.id);
  if (channel.kind === 'room') return { rank: 'none', out: false };
  await recordChange(client, channel, { userId: user.id, joined: true, role: ranks[rank], by: me.id });
  await setRole(client, channel.id, user.id, rank);
  if (rank !== theirs.rank)
    await notifyUser.run(client, { kind: 'role', channelId: channel.id, byId: me.id, userId: user.id });
  return { rank, out: false };
}

function roles(role: MemberRole): Change {
  const rank = (['owner', 'admin', 'member'] as const).find((name) => ranks[name] === role);
  if (rank === undefined) throw refuse('invalid-member-change');
  return async (context) => {
    const { channel, me, mine, user } = context;
    if (channel.kind === 'direct') {
      checkVisible(channel, mine);
      if (mine.offered === null)
        throw refuse('wrong-kind', { message: 'A direct chat has no roles. Leave out the role.' });
    }
    if (user.id === me.id) return respondToOffer(context, role);
    mustGiveRoles(context);
    return rank === 'owner' ? offerOwnership(context) : giveRole(context, rank);
  };
}

/**
 * Returns the change that sets or lifts a ban. In a direct chat the change refuses a user whom the
 * caller has blocked, because there the ban follows the block.
 */
function banAsAsked(untilMs: number): Change {
  const change = bans(untilMs);
  return async (context) => {
    if (context.channel.kind === 'direct' && context.user.blocked) throw refuse('user-blocked');
    return change(context);
  };
}

function onlyIfSet(isSet: boolean, change: Change): Change {
  if (!isSet) throw refuse('invalid-member-change');
  return change;
}

/**
 * Returns the change that a request names.
 * @throws {Refusal} `invalid-member-change`.
 */
export function changeOf(request: ChangeMemberRequest): Change {
  if (request.add !== undefined) return onlyIfSet(request.add, add);
  if (request.remove !== undefined) return onlyIfSet(request.remove, remove);
  if (request.role !== undefined) return roles(request.role);
  if (request.muteUntil !== undefined) return mutes(request.muteUntil);
  if (request.banUntil !== undefined) return banAsAsked(request.banUntil);
  throw refuse('invalid-member-change');
}
