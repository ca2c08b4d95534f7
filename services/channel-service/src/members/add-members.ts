import { type AddMembersRequest, type AddMembersResponse, MemberAddition, type User } from '@parley/contract';
import type { Pool, PoolClient } from '@parley/database';
import { limits, Refusal, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { checkBotChannel } from '../requests/bot-channel.js';
import { oneChannel } from '../requests/channel-id.js';
import { withVisibleChannel } from '../transactions/locked.js';
import type { LockedChannel } from '../transactions/locks.js';
import { addAll, checkMayAdd, orRefusal } from './adding.js';
import type { ChangeActor, ChangeSubject } from './change-context.js';
import { asMember, readUserIn, requireUserId, throttleChanges } from './membership.js';
import { readMemberships } from './membership-rules.js';

type Result = User | Refusal;

/** Returns the key of a user id, which may be in any case. */
const keyOf = (userId: string) => userId.toLowerCase();

/**
 * Returns the keys of the users to add, each once, in order.
 * @throws {Refusal} `invalid-member-change` or `invalid-user-id`.
 */
function keysOf(userIds: readonly string[]): readonly string[] {
  if (userIds.length === 0 || userIds.length > limits.membersAddedAtOnce) {
    throw refuse('invalid-member-change', { message: `Name 1 to ${limits.membersAddedAtOnce} users to add.` });
  }
  for (const userId of userIds) requireUserId(userId);
  return [...new Set(userIds.map(keyOf))].toSorted();
}

async function findSubject({ client, channel, me }: ChangeActor, userId: string): Promise<ChangeSubject> {
  const [theirs] = await readMemberships(client, channel, [userId]);
  const user = await readUserIn(client, channel, me, userId);
  if (theirs === undefined) throw refuse('user-not-found');
  return { user, theirs };
}

/** Adds users, and returns the result for each key. */
async function addIn(
  client: PoolClient,
  channel: LockedChannel,
  me: UserCaller,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Result>> {
  const [mine] = await readMemberships(client, channel, [me.id]);
  if (mine === undefined) throw refuse('channel-not-found');
  const actor = { client, channel, me, mine };
  checkMayAdd(actor);
  const results = new Map<string, Result>();
  const subjects: ChangeSubject[] = [];
  for (const key of keys) {
    const found = await orRefusal(findSubject(actor, key));
    if (found instanceof Refusal) results.set(key, found);
    else subjects.push(found);
  }
  for (const [{ user }, changed] of await addAll(actor, subjects)) {
    const isRefused = changed instanceof Refusal;
    results.set(keyOf(user.id), isRefused ? changed : asMember(user, changed.rank, changed.offered));
  }
  return results;
}

function toAddition(result: Result | undefined): MemberAddition {
  return MemberAddition.fromPartial(result instanceof Refusal ? { refusal: result } : { user: result });
}

/**
 * Handles AddMembers: adds users to a chat with one entry. A user who cannot be added does not keep
 * out the others.
 */
export function createAddMembers(pool: Pool) {
  return async ({ channelId, userIds }: AddMembersRequest, me: UserCaller, call: Call): Promise<AddMembersResponse> => {
    const id = oneChannel({ id: channelId });
    call.facts.channel = id;
    checkBotChannel(me, id);
    const keys = keysOf(userIds);
    await throttleChanges(pool, me, keys.length);
    const results = await withVisibleChannel(pool, me, id, (client, channel) => addIn(client, channel, me, keys));
    return { additions: userIds.map((userId) => toAddition(results.get(keyOf(userId)))) };
  };
}
