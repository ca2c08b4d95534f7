import { MemberRole } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import type { Change, ChangeActor, ChangeContext, ChangedMember } from './change-context.js';
import { handOver } from './heirs.js';
import { ban, endOffer, leave, mute, nextRevision } from './member-store.js';
import { recordChange } from './membership.js';
import { checkManages, checkVisible } from './membership-rules.js';

/**
 * Returns whether the caller needs the rights of an operator, because their rank in the channel
 * does not allow the action.
 */
function actsAsOperator({ me, mine, theirs }: ChangeContext): boolean {
  const isHost = mine.rank === 'owner' || (mine.rank === 'admin' && theirs.rank !== 'admin');
  return me.role === 'admin' && !isHost;
}

const isOwnerHere = ({ me, mine }: ChangeActor) => mine.rank === 'owner' || me.role === 'admin';

/**
 * Checks that the caller may moderate somebody. The owner may moderate everyone else, a channel
 * admin may moderate members, and both users of a direct chat may moderate each other. An operator
 * may do what the owner may, except in a direct chat, but gets no read access.
 * @throws {Refusal} `channel-not-found`, `not-owner`, `not-a-member` or `not-channel-admin`.
 */
function checkModerates(actor: ChangeActor): void {
  const { channel, mine } = actor;
  if (channel.kind === 'direct') {
    if (!mine.known) throw refuse('channel-not-found');
    checkVisible(channel, mine);
  } else if (!isOwnerHere(actor)) checkManages(channel, mine);
}

function mustBeTheOther({ me, user, theirs }: ChangeContext): void {
  if (user.id === me.id || !theirs.known) {
    throw refuse('wrong-kind', {
      message: 'In a direct chat you can mute or ban only the other user. Name that user.',
    });
  }
}

/** Checks that a caller who may moderate may moderate this user. Run after `checkModerates`. */
function checkTarget(context: ChangeContext): void {
  if (context.channel.kind === 'direct') mustBeTheOther(context);
  else mustOutrank(context);
}

/** Returns the refusal of an act against the owner. Its usual text is meant for the owner. */
function ownerStays(isOwner: boolean): Refusal {
  if (isOwner) return refuse('owner-stays');
  const message = 'The owner of a channel cannot be removed, muted or banned. The owner must hand it over first.';
  return refuse('owner-stays', { message });
}

function mustOutrank(context: ChangeContext): void {
  const { mine, theirs } = context;
  if (theirs.rank === 'owner') throw ownerStays(mine.rank === 'owner');
  if (theirs.rank === 'admin' && !isOwnerHere(context)) {
    throw refuse('not-owner', { message: 'Only the owner can moderate channel admins. Ask the owner.' });
  }
}

type UserId = Pick<UserCaller, 'id'>;

/**
 * Removes a member. The last entry that the member can read is the removal itself: `left_seq` is
 * its seq.
 */
export async function endMembership({
  client,
  channel,
  me,
  user,
}: Pick<ChangeContext, 'client' | 'channel'> & { readonly me: UserId; readonly user: UserId }): Promise<void> {
  const gone = { userId: user.id, joined: false, role: MemberRole.UNSPECIFIED, by: me.id };
  const { at } = await recordChange(client, channel, gone);
  await leave.run(client, { channelId: channel.id, userId: user.id, lastSeq: at, byChoice: user.id === me.id });
}

function audited(context: ChangeContext, act: string, untilMs?: number): { readonly audit?: object } {
  if (!actsAsOperator(context)) return {};
  return { audit: { change: act, ...(untilMs !== undefined && { until: untilMs }) } };
}

/**
 * Handles a user who leaves or declines an offer. A guest may leave a channel that they own, because
 * their account ends anyway: an heir gets it, or it is deleted.
 */
async function leaveChannel(context: ChangeContext): Promise<ChangedMember> {
  const { client, channel, me, mine, user } = context;
  checkVisible(channel, mine);
  if (mine.rank === 'owner' && me.role !== 'guest') throw refuse('owner-stays');
  if (mine.rank === 'owner' && !(await handOver(client, channel))) return { rank: 'none', out: true };
  if (mine.rank !== 'none') await endMembership(context);
  else if (mine.offered !== null) await endOffer(client, channel.id, user.id);
  else if (channel.kind !== 'room') throw refuse('not-a-member');
  return { rank: 'none', out: mine.offered === null || mine.rank !== 'none' };
}

/** Removes a user from the channel, or withdraws their offer, on behalf of another user. */
async function removeOther(context: ChangeContext): Promise<ChangedMember> {
  const { client, channel, user, theirs } = context;
  checkTarget(context);
  if (channel.kind === 'direct') {
    throw refuse('wrong-kind', {
      message: 'Nobody can be removed from a direct chat. Leave it or ban the other user.',
    });
  }
  if (theirs.offered !== null) await endOffer(client, channel.id, user.id);
  if (channel.kind === 'room') return { rank: 'none', out: true, ...audited(context, 'remove') };
  if (theirs.rank !== 'none') await endMembership(context);
  else if (theirs.offered === null) throw refuse('member-not-found');
  return { rank: 'none', out: true, ...audited(context, 'remove') };
}

export const remove: Change = { checkCaller: checkModerates, apply: removeOther, applyToSelf: leaveChannel };

/**
 * Returns the change that sets or lifts a mute. A mute is private and has no field in MemberChange,
 * so it is not an entry. The chat server that owns the channel learns of it by the revision.
 */
export function mutes(untilMs: number): Change {
  const apply = async (context: ChangeContext): Promise<ChangedMember> => {
    const { client, channel, user, theirs } = context;
    checkTarget(context);
    if (theirs.rank === 'none' && channel.kind !== 'room' && channel.kind !== 'direct')
      throw refuse('member-not-found');
    await nextRevision.run(client, { channelId: channel.id });
    await mute.run(client, { channelId: channel.id, userId: user.id, untilMs });
    const audit = untilMs === 0 ? audited(context, 'unmute') : audited(context, 'mute', untilMs);
    return { rank: theirs.rank, out: false, ...audit };
  };
  return { checkCaller: checkModerates, apply };
}

/**
 * Returns the change that sets or lifts a ban. A ban also removes the member. A user whose ban is
 * lifted can join again.
 */
export function bans(untilMs: number): Change {
  const apply = async (context: ChangeContext): Promise<ChangedMember> => {
    const { client, channel, user, theirs } = context;
    checkTarget(context);
    const lifted = untilMs === 0;
    if (!lifted && theirs.rank !== 'none') await endMembership(context);
    else await nextRevision.run(client, { channelId: channel.id });
    if (!lifted) await endOffer(client, channel.id, user.id);
    await ban.run(client, { channelId: channel.id, userId: user.id, untilMs });
    if (lifted) return { rank: theirs.rank, out: false, ...audited(context, 'unban') };
    return { rank: 'none', out: true, ...audited(context, 'ban', untilMs) };
  };
  return { checkCaller: checkModerates, apply };
}
