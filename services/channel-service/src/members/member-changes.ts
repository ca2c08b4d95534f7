import { type ChangeMemberRequest, MemberRole } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime';
import { ranks } from '@parley/service-kit';
import type { LockedChannel } from '../transactions/locks.js';
import { addAll, bannedTarget, checkMayAdd } from './adding.js';
import type { Change, ChangeActor, ChangeContext, ChangedMember } from './change-context.js';
import { endOffer, notifyUsers, setRole } from './member-store.js';
import { enterChannel, recordChange } from './membership.js';
import { checkVisible } from './membership-rules.js';
import { bans, mutes, remove } from './moderation.js';
import { makeOffer, takeOver, throttleStrangers } from './offers.js';
import { checkMayOwn } from './ownership.js';

function notInRooms({ kind }: LockedChannel): void {
  if (kind === 'room') throw refuse('wrong-kind', { message: 'A room has no members. Call Listen to enter it.' });
}

/** Adds the caller by their own choice: to a public chat, back to a direct chat, or by an offer. */
async function enter({ client, channel, me, mine }: ChangeContext): Promise<ChangedMember> {
  await enterChannel(client, channel, me.id, mine);
  return { rank: mine.rank === 'none' ? 'member' : mine.rank, out: false };
}

const add: Change = {
  checkCaller: checkMayAdd,
  async apply(context) {
    const result = (await addAll(context, [context])).get(context) ?? refuse('user-not-found');
    if (result instanceof Refusal) throw result;
    return result;
  },
  async applyToSelf(context) {
    checkVisible(context.channel, context.mine);
    notInRooms(context.channel);
    return enter(context);
  },
};

/** Accepts the offer if the role matches the offer, otherwise declines it. */
async function respondToOffer(context: ChangeContext, role: MemberRole): Promise<ChangedMember> {
  const { client, channel, me, mine } = context;
  if (mine.rank === 'owner') throw refuse('owner-stays');
  if (role === MemberRole.OWNER) {
    await takeOver(context);
    return { rank: 'owner', out: false };
  }
  if (mine.offered === 'member' && role === MemberRole.MEMBER) return enter(context);
  if (mine.offered === null) throw refuse('not-owner', { message: 'Only the owner can set roles. Ask the owner.' });
  await endOffer(client, channel.id, me.id);
  return { rank: mine.rank, out: false };
}

/** In a direct chat, only a user who has an offer can change a role, by responding to the offer. */
function checkHasRoles({ channel, mine }: ChangeActor): void {
  checkVisible(channel, mine);
  if (channel.kind === 'direct' && mine.offered === null)
    throw refuse('wrong-kind', { message: 'A direct chat has no roles. Leave out the role.' });
}

function checkGivesRoles(actor: ChangeActor): void {
  checkHasRoles(actor);
  if (actor.mine.rank !== 'owner')
    throw refuse('not-owner', { message: 'Only the owner can set roles. Ask the owner.' });
}

/**
 * Offers the channel to a user. An offer to a user who has blocked the caller ends at once, as if
 * it had been declined, so that the answer does not reveal the block.
 */
async function offerOwnership(context: ChangeContext): Promise<ChangedMember> {
  const { client, channel, me, user, theirs } = context;
  if (!user.reachable && theirs.rank === 'none') throw refuse('user-not-found');
  checkMayOwn(user);
  if (theirs.bannedForMs > 0) throw bannedTarget(theirs);
  await makeOffer(client, channel, { by: me, userId: user.id, belonged: theirs.belonged }, 'owner');
  await throttleStrangers(client, me, [context]);
  // With the empty id, the statement changes nothing but takes the same time, so the time reveals nothing.
  await endOffer(client, channel.id, user.bars ? user.id : '');
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
  return {
    checkCaller: checkGivesRoles,
    async apply(context) {
      if (context.theirs.rank === 'none' && context.channel.kind !== 'room') throw refuse('member-not-found');
      return rank === 'owner' ? offerOwnership(context) : giveRole(context, rank);
    },
    async applyToSelf(context) {
      checkHasRoles(context);
      return respondToOffer(context, role);
    },
  };
}

/**
 * Returns the change that sets or lifts a ban. In a direct chat the change refuses a user whom the
 * caller has blocked, because there the ban follows the block.
 */
function banAsAsked(untilMs: number): Change {
  const { checkCaller, apply } = bans(untilMs);
  return {
    checkCaller,
    async apply(context) {
      if (context.channel.kind === 'direct' && context.user.blocked) throw refuse('user-blocked');
      return apply(context);
    },
  };
}

function onlyIfSet(isSet: boolean, change: Change): Change {
  if (!isSet) throw refuse('invalid-member-change');
  return change;
}

/**
 * Checks the end of a mute or a ban; 0 lifts it. Both times are Unix ms by the database's clock.
 * @throws {Refusal} `invalid-member-change`.
 */
function checkEnd(untilMs: number, nowMs: number): void {
  if (untilMs === 0 || untilMs > nowMs) return;
  throw refuse('invalid-member-change', {
    message: 'That time is in the past. Choose a later time, or 0 to lift the mute or ban.',
  });
}

/**
 * Returns the change that a request names. The generated code does not enforce the `oneof`, so a
 * request may name several. `nowMs` is the time by the database's clock.
 * @throws {Refusal} `invalid-member-change`.
 */
export function changeOf(request: ChangeMemberRequest, nowMs: number): Change {
  const { add: adds, remove: removes, role, muteUntil, banUntil } = request;
  const named = [adds, removes, role, muteUntil, banUntil].filter((one) => one !== undefined);
  if (named.length !== 1) throw refuse('invalid-member-change');
  if (adds !== undefined) return onlyIfSet(adds, add);
  if (removes !== undefined) return onlyIfSet(removes, remove);
  if (role !== undefined) return roles(role);
  checkEnd(muteUntil ?? banUntil ?? 0, nowMs);
  return muteUntil === undefined ? banAsAsked(banUntil ?? 0) : mutes(muteUntil);
}
