import { type ChangeMemberRequest, MemberRole } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime';
import { ranks } from '../requests/ranks.js';
import type { LockedChannel } from '../transactions/locks.js';
import { addAll, checkMayAdd } from './adding.js';
import type { Change, ChangeContext, ChangedMember } from './change-context.js';
import { endOffer, notifyUsers, setRole } from './member-store.js';
import { enterChannel, recordChange } from './membership.js';
import { checkVisible } from './membership-rules.js';
import { bans, mutes, remove } from './moderation.js';
import { makeOffer, takeOver, throttleStrangers } from './offers.js';

function notInRooms({ kind }: LockedChannel): void {
  if (kind === 'room') throw refuse('wrong-kind', { message: 'A room has no members. Call Listen to enter it.' });
}

/** Adds the caller by their own choice: to a public chat, back to a direct chat, or by an offer. */
async function enter({ client, channel, me, mine }: ChangeContext): Promise<ChangedMember> {
  await enterChannel(client, channel, me.id, mine);
  return { rank: mine.rank === 'none' ? 'member' : mine.rank, out: false };
}

const add: Change = async (context) => {
  const { me, user } = context;
  if (user.id === me.id) {
    checkVisible(context.channel, context.mine);
    notInRooms(context.channel);
    return enter(context);
  }
  checkMayAdd(context);
  const result = (await addAll(context, [context])).get(context) ?? refuse('user-not-found');
  if (result instanceof Refusal) throw result;
  return result;
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
  if (mine.offered === 'member' && role === MemberRole.MEMBER) return enter(context);
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
  await makeOffer(client, channel, { by: me.id, userId: user.id, belonged: theirs.belonged }, 'owner');
  await throttleStrangers(client, me, [context]);
  await endOffer(client, channel.id, user.bars ? user.id : ''); // With the empty id the statement changes nothing but takes as long, so the time reveals nothing.
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
    await notifyUsers.run(client, { kind: 'role', channelId: channel.id, byId: me.id, userIds: [user.id] });
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
