import { type Channel, ChannelKind } from '@parley/contract';
import { type Pool, type Rate, transaction } from '@parley/database';
import type { UserCaller } from '@parley/rpc';
import { isDisplayName, limits, refuse } from '@parley/runtime';
import { createRoom, lockUser } from '../store/channels.js';
import { describeChannels } from './describe.js';
import { throttle } from './throttle.js';

const createRate: Rate = { key: 'create', secondsPerCall: 5, burst: 20 };

/** What this version cannot make yet is refused, not left out in silence. */
function needsMore({ kind, keep, iconId, slowModeS, closedHistory, metadata }: Channel): boolean {
  const otherKind = kind !== ChannelKind.UNSPECIFIED && kind !== ChannelKind.ROOM;
  const keeps = keep?.everything === true || (keep?.seconds ?? 0) > 0 || (keep?.maxCount ?? 0) > 0;
  return otherKind || keeps || iconId !== '' || slowModeS > 0 || closedHistory || metadata !== '';
}

function isDescription(text: string): boolean {
  return [...text].length <= limits.descriptionCharacters && !text.includes('\0');
}

function checkRoom(room: Channel): void {
  if (!isDisplayName(room.name)) throw refuse('invalid-name');
  if (needsMore(room)) throw refuse('not-implemented', { words: 'only rooms that keep nothing can be created so far' });
  if (room.limit < 1 || room.limit > limits.roomSeats) throw refuse('invalid-limit');
  if (!isDescription(room.description)) throw refuse('invalid-channel');
}

/** Create: a room of the caller's. */
export function createCreate(pool: Pool) {
  return async (room: Channel, me: UserCaller): Promise<Channel> => {
    checkRoom(room);
    await throttle(pool, createRate, me, 'create-too-often');
    const made = await transaction(pool, async (client) => {
      await lockUser.run(client, [me.id]);
      return createRoom.run(client, [me.id, room.name, room.limit, room.description, limits.channelsPerUser]);
    });
    if (made.length === 0) throw refuse('too-many-channels');
    const [channel] = await describeChannels(pool, [made[0]?.id ?? 0]);
    if (channel === undefined) throw refuse('channel-not-found');
    return channel;
  };
}
