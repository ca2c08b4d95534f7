import { type Channel, ChannelKind } from '@parley/contract';
import { type Pool, type PoolClient, type Rate, transaction } from '@parley/database';
import { displayName, refuse } from '@parley/runtime';
import { addressKey, type Call, type Proxies, settingsOf, type UserCaller } from '@parley/service-kit';
import { enter } from '../members/member-store.js';
import { lockNextOwner, tooManyChannels } from '../members/ownership.js';
import { checkBotChannel } from '../requests/bot-channel.js';
import { kindOf } from '../requests/kinds.js';
import { limitRate } from '../requests/rate-limit.js';
import { createChannel, type NewChannelFields } from './channel-store.js';
import { describeChannel } from './describe.js';
import { checkSettings, iconRefusal, limitOf, metadataOf, readRetention } from './settings.js';

export interface CreateDeps {
  readonly pool: Pool;
  /** Trusted proxies in front of this service. */
  readonly proxies: Proxies;
  /** Longest retention of any channel, in seconds; null: unlimited. */
  readonly longestRetention: number | null;
}

/** Limits the channels that all users of one address create. */
const createOfAddress: Rate = { key: 'create-address', secondsPerCall: 10, burst: 500 };

/** Limits the channels that accounts less than a day old create from one address. */
const createOfYoung: Rate = { key: 'create-young', secondsPerCall: 30, burst: 60 };

/** Limits the channels that one user creates, of all kinds but direct chats. */
const createRate: Rate = { key: 'create', secondsPerCall: 5, burst: 20 };

function kindToMake({ kind: asked, closedHistory }: Channel) {
  const kind = asked === ChannelKind.UNSPECIFIED ? 'room' : kindOf(asked);
  if (kind === undefined) throw refuse('invalid-channel');
  if (kind === 'direct') throw refuse('wrong-kind', { message: 'Create cannot make a direct chat. Use OpenDirect.' });
  if (kind === 'room' && closedHistory) {
    throw refuse('invalid-channel', { message: 'A room has no members. Leave out closed_history.' });
  }
  return kind;
}

function readChannel({ longestRetention }: CreateDeps, asked: Channel, me: UserCaller): NewChannelFields {
  const { name, closedHistory, metadata } = asked;
  const kind = kindToMake(asked);
  const limit = limitOf(kind, asked.limit);
  checkSettings(asked);
  if (asked.iconId !== '') throw iconRefusal();
  const usual = { seconds: kind === 'room' ? 0 : longestRetention, count: null };
  const { seconds, count } = readRetention(asked.retention, longestRetention) ?? usual;
  return {
    ownerId: me.id,
    name: displayName(name),
    limit,
    kind,
    retentionSeconds: seconds,
    retentionCount: count,
    ...settingsOf(asked),
    isOpenHistory: !closedHistory,
    metadata: metadataOf(metadata),
  };
}

async function make(client: PoolClient, fields: NewChannelFields, address: string): Promise<number> {
  const { ownerId, kind } = fields;
  const owner = await lockNextOwner(client, ownerId);
  if (owner.isNew) await limitRate(client, createOfYoung, { id: address }, 'create-too-often');
  const [made] = await createChannel.run(client, { ...fields, maxChannels: owner.maxChannels });
  if (made === undefined) throw tooManyChannels(owner);
  if (kind !== 'room')
    await enter.run(client, { channelId: made.id, userIds: [ownerId], afterSeq: 0, isOpenHistory: true });
  return made.id;
}

const addressOf = (proxies: Proxies, call: Call) => addressKey(proxies.callerOf(call));

/**
 * Counts one new channel against its creator and their address.
 * @throws {Refusal} `create-too-often`.
 */
export async function throttleCreation({ pool, proxies }: CreateDeps, me: UserCaller, call: Call): Promise<void> {
  await limitRate(pool, createRate, me, 'create-too-often');
  await limitRate(pool, createOfAddress, { id: addressOf(proxies, call) }, 'create-too-often');
}

/**
 * Handles Create: makes a channel that the caller owns. In a chat, the caller is also the first
 * member.
 */
export function createCreate(deps: CreateDeps) {
  const { pool, proxies } = deps;
  return async (asked: Channel, me: UserCaller, call: Call): Promise<Channel> => {
    checkBotChannel(me, null);
    const fields = readChannel(deps, asked, me);
    await throttleCreation(deps, me, call);
    const id = await transaction(pool, (client) => make(client, fields, addressOf(proxies, call)));
    return describeChannel(pool, me, id);
  };
}
