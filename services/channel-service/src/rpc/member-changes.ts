import { type ChangeMemberRequest, MemberRole } from '@parley/contract';
import type { PoolClient } from '@parley/database';
import type { UserCaller } from '@parley/rpc';
import { limits, refuse } from '@parley/runtime';
import { type LockedChannel, lockUser } from '../store/channels.js';
import { ban, handOver, leave, mute, nextRoster, type PersonRow, setRole } from '../store/members.js';
import { admit, note } from './membership.js';
import { ranks } from './ranks.js';
import { mustManage, mustSee, type Standing } from './standing.js';

/** One change that is asked for, with all that it depends on; the channel is locked. */
export interface Scene {
  readonly client: PoolClient;
  readonly channel: LockedChannel;
  readonly me: UserCaller;
  readonly mine: Standing;
  readonly person: PersonRow;
  readonly theirs: Standing;
}

/** What came of a change: what the user is now, and whether their seats in the channel end. */
export interface Changed {
  readonly rank: Standing['rank'];
  readonly out: boolean;
}

export type Change = (scene: Scene) => Promise<Changed>;

const isOut: Changed = { rank: 'none', out: true };

function notInRooms({ kind }: LockedChannel): void {
  if (kind === 'room') throw refuse('wrong-kind', { words: 'a room has no members: whoever listens is in it' });
}

async function add({ client, channel, me, mine, person, theirs }: Scene): Promise<Changed> {
  mustSee(channel, mine);
  notInRooms(channel);
  if (channel.kind !== 'group') mustManage(channel, mine);
  if (theirs.rank === 'none' && !person.reachable) throw refuse('user-not-found');
  await admit(client, channel, person.id, theirs, me.id);
  return { rank: theirs.rank === 'none' ? 'member' : theirs.rank, out: false };
}

/** Over whom: the owner over everybody else, an admin over members; an administrator of the server like an owner, who reads nothing by it. */
function mustModerate({ channel, me, mine, theirs }: Scene): void {
  const asOwner = mine.rank === 'owner' || me.role === 'admin';
  if (!asOwner) mustManage(channel, mine);
  if (theirs.rank === 'owner') throw refuse('owner-stays');
  if (theirs.rank === 'admin' && !asOwner)
    throw refuse('not-owner', { words: 'admins are for the owner to deal with' });
}

/** The entry that says so is the last one that a removed member sees: `left_seq` is its own seq. */
async function goes({ client, channel, me, person }: Scene): Promise<void> {
  const gone = { userId: person.id, joined: false, role: MemberRole.UNSPECIFIED, by: me.id };
  const { at } = await note(client, channel, gone);
  await leave.run(client, [channel.id, person.id, at]);
}

async function remove(scene: Scene): Promise<Changed> {
  const { channel, me, mine, person, theirs } = scene;
  if (me.role !== 'admin') mustSee(channel, mine);
  const leaves = person.id === me.id && theirs.rank !== 'owner';
  if (!leaves) mustModerate(scene);
  if (channel.kind === 'room') return isOut;
  if (theirs.rank === 'none') throw refuse(leaves ? 'not-a-member' : 'member-not-found');
  await goes(scene);
  return isOut;
}

async function giveAway({ client, channel, me, person, theirs }: Scene): Promise<void> {
  if (!person.reachable && theirs.rank === 'none') throw refuse('user-not-found');
  await lockUser.run(client, [person.id]);
  const given = await handOver.run(client, [channel.id, person.id, limits.channelsPerUser]);
  if (given.length === 0) throw refuse('too-many-channels', { words: 'that user owns as many channels as one may' });
  if (channel.kind !== 'room') await setRole.run(client, [channel.id, me.id, 'admin']);
}

function mustGiveRoles({ channel, mine, theirs }: Scene, isOwner: boolean): void {
  mustSee(channel, mine);
  if (mine.rank !== 'owner') throw refuse('not-owner', { words: 'only the owner gives roles' });
  if (!isOwner) notInRooms(channel);
  if (theirs.rank === 'none' && channel.kind !== 'room') throw refuse('member-not-found');
  if (theirs.rank === 'owner') throw refuse('owner-stays');
}

function roles(role: MemberRole): Change {
  const rank = (['owner', 'admin', 'member'] as const).find((name) => ranks[name] === role);
  if (rank === undefined) throw refuse('invalid-member-change');
  return async (scene) => {
    const { client, channel, me, person } = scene;
    mustGiveRoles(scene, rank === 'owner');
    if (channel.kind === 'room') await nextRoster.run(client, [channel.id]);
    else await note(client, channel, { userId: person.id, joined: true, role, by: me.id });
    if (rank === 'owner') await giveAway(scene);
    else await setRole.run(client, [channel.id, person.id, rank]);
    return { rank, out: false };
  };
}

/** No entry: a MemberChange cannot say it, and it is nobody else's business. The owner of the log sees another roster. */
function mutes(untilMs: number): Change {
  return async (scene) => {
    const { client, channel, person, theirs } = scene;
    mustModerate(scene);
    if (theirs.rank === 'none' && channel.kind !== 'room') throw refuse('member-not-found');
    await nextRoster.run(client, [channel.id]);
    await mute.run(client, [channel.id, person.id, untilMs]);
    return { rank: theirs.rank, out: false };
  };
}

/** Who is banned is removed too. Who is not any more comes back by joining. */
function bans(untilMs: number): Change {
  return async (scene) => {
    const { client, channel, person, theirs } = scene;
    mustModerate(scene);
    const lifted = untilMs === 0;
    if (!lifted && theirs.rank !== 'none') await goes(scene);
    else await nextRoster.run(client, [channel.id]);
    await ban.run(client, [channel.id, person.id, untilMs]);
    return lifted ? { rank: theirs.rank, out: false } : isOut;
  };
}

function only(said: boolean, change: Change): Change {
  if (!said) throw refuse('invalid-member-change');
  return change;
}

/**
 * The change that a request names.
 * @throws {Refusal} `invalid-member-change`.
 */
export function changeOf(request: ChangeMemberRequest): Change {
  if (request.add !== undefined) return only(request.add, add);
  if (request.remove !== undefined) return only(request.remove, remove);
  if (request.role !== undefined) return roles(request.role);
  if (request.muteUntil !== undefined) return mutes(request.muteUntil);
  if (request.banUntil !== undefined) return bans(request.banUntil);
  throw refuse('invalid-member-change');
}
