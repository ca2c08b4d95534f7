import { Refusal, refuse } from '@parley/runtime';
import type { ChangeActor, ChangedMember, ChangeSubject } from './change-context.js';
import { addMembers } from './membership.js';
import { type ChannelMembership, checkManages, checkVisible } from './membership-rules.js';
import { makeOffer, throttleAdding, throttleStrangers } from './offers.js';

/**
 * Checks that the caller may add others to the channel.
 * @throws {Refusal} `channel-not-found`, `wrong-kind`, `not-a-member` or `not-channel-admin`.
 */
export function checkMayAdd({ channel, mine }: ChangeActor): void {
  checkVisible(channel, mine);
  if (channel.kind === 'room')
    throw refuse('wrong-kind', { message: 'A room has no members. Call Listen to enter it.' });
  if (mine.rank === 'none') throw refuse('not-a-member');
  if (channel.kind === 'public' || channel.kind === 'private') checkManages(channel, mine);
}

/** Returns the refusal of a role for a user who is banned from the channel. */
export function bannedTarget({ bannedForMs: retryAfterMs }: ChannelMembership): Refusal {
  return refuse('banned', { message: 'That user is banned from this channel. Lift the ban first.', retryAfterMs });
}

function checkMayBeAdded({ channel }: ChangeActor, { user, theirs }: ChangeSubject): void {
  if (channel.kind === 'direct' && !theirs.known) {
    throw refuse('wrong-kind', { message: 'Nobody can be added to a direct chat. Create a group instead.' });
  }
  if (theirs.rank !== 'none') return;
  if (!user.reachable || user.bars) throw refuse('user-not-found');
  if (theirs.bannedForMs > 0) throw bannedTarget(theirs);
  if (user.isElsewhere) throw refuse('bot-channel');
}

/**
 * Returns the result for a user who is not added: the rank of a member, or the offer that is now
 * made to a user who left by choice. Returns undefined for a user to add, and counts the addition.
 */
async function alreadyIs(actor: ChangeActor, subject: ChangeSubject): Promise<ChangedMember | undefined> {
  const { client, channel, me } = actor;
  const { user, theirs } = subject;
  checkMayBeAdded(actor, subject);
  if (theirs.rank !== 'none') return { rank: theirs.rank, out: false };
  const adding = { by: me, userId: user.id, belonged: theirs.belonged };
  if (theirs.leftByChoice) {
    await makeOffer(client, channel, adding, 'member');
    return { rank: 'none', out: false, offered: 'member' };
  }
  await throttleAdding(client, channel, adding);
  return undefined;
}

/**
 * Returns the result of a step, or the refusal that it throws. The step concerns one user, so its
 * refusal does not stop the additions of others.
 */
export async function orRefusal<T>(step: Promise<T>): Promise<T | Refusal> {
  try {
    return await step;
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
}

/**
 * Adds users with one entry for all of them. Run after `checkMayAdd`. The users must be in the
 * order of their ids, so that two calls that add the same users cannot deadlock.
 * @returns what each user is now, or why they were not added.
 * @throws {Refusal} `channel-full` or `change-too-often`, and adds nobody.
 */
export async function addAll(
  actor: ChangeActor,
  subjects: readonly ChangeSubject[],
): Promise<ReadonlyMap<ChangeSubject, ChangedMember | Refusal>> {
  const { client, channel, me } = actor;
  const results = new Map<ChangeSubject, ChangedMember | Refusal>();
  const added: ChangeSubject[] = [];
  for (const subject of subjects) {
    const result = await orRefusal(alreadyIs(actor, subject));
    if (result === undefined) added.push(subject);
    results.set(subject, result ?? { rank: 'member', out: false });
  }
  await throttleStrangers(client, me, added);
  const ids = added.map(({ user }) => user.id);
  await addMembers(client, channel, ids, me.id);
  return results;
}
