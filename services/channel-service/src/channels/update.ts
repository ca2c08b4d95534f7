import { type Channel, ChannelKind, type UpdateChannelRequest } from '@parley/contract';
import type { ChannelKind as Kind, Pool, PoolClient } from '@parley/database';
import { displayName, refuse } from '@parley/runtime';
import { type Call, settingsOf, type UserCaller } from '@parley/service-kit';
import type { Retention } from '../history/retention.js';
import { nextRevision } from '../members/member-store.js';
import { throttleChanges } from '../members/membership.js';
import { checkManages, checkVisible, readMemberships } from '../members/membership-rules.js';
import type { ChatServers, ServerTarget } from '../placement/chat-servers.js';
import { readChannelState } from '../placement/seat-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { kindOf } from '../requests/kinds.js';
import { withVisibleChannel } from '../transactions/locked.js';
import type { LockedChannel } from '../transactions/locks.js';
import { type ChannelRetention, startLog, updateChannel } from './channel-store.js';
import { describeChannel } from './describe.js';
import { checkSettings, iconRefusal, limitOf, metadataOf, readRetention } from './settings.js';

export interface UpdateChannelDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
  readonly retention: Retention;
  /** Longest retention of any channel, in seconds; null: unlimited. */
  readonly longestRetention: number | null;
}

function newKind(now: Kind, asked: ChannelKind): Kind | null {
  if (asked === ChannelKind.UNSPECIFIED || kindOf(asked) === now) return null;
  const kind = kindOf(asked);
  const turns = (now === 'public' && kind === 'private') || (now === 'private' && kind === 'public');
  if (!turns || kind === undefined)
    throw refuse('wrong-kind', {
      message: 'Only a public channel can become private, and a private one public. Leave out the kind.',
    });
  return kind;
}

async function write(
  client: PoolClient,
  { id, kind }: LockedChannel,
  asked: UpdateChannelRequest,
  retention: ChannelRetention | undefined,
): Promise<void> {
  const { name, limit, metadata } = asked;
  await updateChannel.run(client, {
    channelId: id,
    name: name === undefined ? null : displayName(name),
    limit: limit === undefined ? null : limitOf(kind, limit),
    ...settingsOf(asked),
    metadata: metadata === undefined ? null : metadataOf(metadata),
    kind: newKind(kind, asked.kind),
    changesRetention: retention !== undefined,
    retentionSeconds: retention?.seconds,
    retentionCount: retention?.count,
  });
}

/**
 * Starts a new log if the channel begins or ceases to have history, otherwise increases the
 * revision. Returns the server that must release the channel, or undefined.
 */
async function applyRetention(
  client: PoolClient,
  { id, hasHistory }: LockedChannel,
  retention: ChannelRetention | undefined,
  me: UserCaller,
): Promise<ServerTarget | undefined> {
  const willHaveHistory = retention === undefined ? hasHistory : retention.seconds !== 0;
  if (willHaveHistory === hasHistory) {
    await nextRevision.run(client, { channelId: id });
    return undefined;
  }
  const state = await readChannelState(client, id, me.id);
  await startLog.run(client, { channelId: id, hasHistory: willHaveHistory });
  return state?.owner;
}

async function mustUpdate(client: PoolClient, channel: LockedChannel, me: UserCaller): Promise<void> {
  const [mine] = await readMemberships(client, channel, [me.id]);
  if (mine === undefined) throw refuse('channel-not-found');
  checkVisible(channel, mine);
  if (channel.kind === 'direct') throw refuse('wrong-kind');
  checkManages(channel, mine);
}

/** Handles Update, for the owner and the channel admins. Fields that are not set stay unchanged. */
export function createUpdateChannel({ pool, servers, retention, longestRetention }: UpdateChannelDeps) {
  return async (asked: UpdateChannelRequest, me: UserCaller, call: Call): Promise<Channel> => {
    const id = oneChannel(asked);
    call.facts.channel = id;
    checkSettings(asked);
    if (asked.iconId !== undefined) throw iconRefusal();
    const changed = readRetention(asked.retention, longestRetention);
    await throttleChanges(pool, me);
    if (changed !== undefined && changed.seconds !== 0) {
      await withVisibleChannel(pool, me, id, (client, channel) => mustUpdate(client, channel, me));
      await retention.clear(id);
    }
    const owner = await withVisibleChannel(pool, me, id, async (client, channel) => {
      await mustUpdate(client, channel, me);
      await write(client, channel, asked, changed);
      return applyRetention(client, channel, changed, me);
    });
    if (owner !== undefined) servers.moveChannel(owner, id);
    return describeChannel(pool, me, id);
  };
}
