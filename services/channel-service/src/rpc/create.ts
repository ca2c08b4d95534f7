import { type Channel, ChannelKind } from '@parley/contract';
import { type Pool, type PoolClient, type Rate, transaction } from '@parley/database';
import type { UserCaller } from '@parley/rpc';
import { displayName, limits, refuse } from '@parley/runtime';
import { createChannel, lockUser } from '../store/channels.js';
import { enter } from '../store/members.js';
import { describeChannel } from './describe.js';
import { checkDescription, checkSlowMode, keptOf, limitOf, metadataOf } from './fields.js';
import { kindOf } from './kinds.js';
import { throttle } from './throttle.js';

type NewChannel = Parameters<typeof createChannel.run>[1];

/** Counts the channels that a user makes, of all kinds. */
export const createRate: Rate = { key: 'create', secondsPerCall: 5, burst: 20 };

function kindToMake({ kind: asked, closedHistory }: Channel) {
  const kind = asked === ChannelKind.UNSPECIFIED ? 'room' : kindOf(asked);
  if (kind === undefined) throw refuse('invalid-channel');
  if (kind === 'direct') throw refuse('wrong-kind', { words: 'a direct chat is made by OpenDirect' });
  if (kind === 'room' && closedHistory) {
    throw refuse('invalid-channel', { words: 'a room has no members whose history could be closed' });
  }
  return kind;
}

function readChannel(asked: Channel, me: UserCaller): NewChannel {
  const { name, description, slowModeS, closedHistory, metadata } = asked;
  const kind = kindToMake(asked);
  const limit = limitOf(kind, asked.limit);
  checkDescription(description);
  checkSlowMode(slowModeS);
  if (asked.iconId !== '') throw refuse('not-implemented', { words: 'icons are not offered yet' });
  const { seconds, count } = keptOf(asked.keep) ?? { seconds: kind === 'room' ? 0 : null, count: null };
  const json = metadataOf(metadata);
  const { channelsPerUser } = limits;
  return [
    me.id,
    displayName(name),
    limit,
    description,
    kind,
    seconds,
    count,
    slowModeS,
    !closedHistory,
    json,
    channelsPerUser,
  ];
}

async function make(client: PoolClient, row: NewChannel): Promise<number> {
  const [ownerId, , , , kind] = row;
  await lockUser.run(client, [ownerId]);
  const [made] = await createChannel.run(client, row);
  if (made === undefined) throw refuse('too-many-channels');
  if (kind !== 'room') await enter.run(client, [made.id, ownerId, 0, true]);
  return made.id;
}

/** Create: a channel of the caller's, who is the first member of a chat. */
export function createCreate(pool: Pool) {
  return async (asked: Channel, me: UserCaller): Promise<Channel> => {
    const row = readChannel(asked, me);
    await throttle(pool, createRate, me, 'create-too-often');
    const id = await transaction(pool, (client) => make(client, row));
    return describeChannel(pool, me, id);
  };
}
