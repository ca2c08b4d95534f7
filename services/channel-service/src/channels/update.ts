import { type Channel, ChannelKind, type UpdateChannelRequest } from '@parley/contract';
import type { ChannelKind as Kind, Pool, PoolClient } from '@parley/database';
import { displayName, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import type { Retention } from '../history/retention.js';
import { nextRoster } from '../members/member-store.js';
import { throttleChanges } from '../members/membership.js';
import { mustManage, mustSee, readMemberships } from '../members/membership-rules.js';
import type { ChatServers, ServerTarget } from '../placement/chat-servers.js';
import { channelState } from '../placement/seat-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { kindOf } from '../requests/kinds.js';
import { withChannel } from '../transactions/locked.js';
import type { LockedChannel } from '../transactions/locks.js';
import { newLog, type RetentionRow, updateChannel } from './channel-store.js';
import { describeChannel } from './describe.js';
import { checkDescription, checkSlowMode, limitOf, metadataOf, retentionRow } from './fields.js';

export interface UpdateChannelDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
  readonly retention: Retention;
}

function checkFields({ description, iconId, slowModeS }: UpdateChannelRequest): void {
  if (description !== undefined) checkDescription(description);
  if (slowModeS !== undefined) checkSlowMode(slowModeS);
  if (iconId !== undefined)
    throw refuse('not-implemented', { words: 'Channel icons are not supported yet. Leave out icon_id.' });
}

function newKind(now: Kind, asked: ChannelKind): Kind | null {
  if (asked === ChannelKind.UNSPECIFIED || kindOf(asked) === now) return null;
  const kind = kindOf(asked);
  const turns = (now === 'public' && kind === 'private') || (now === 'private' && kind === 'public');
  if (!turns || kind === undefined)
    throw refuse('wrong-kind', {
      words: 'Only public and private channels can change into each other. Keep the kind.',
    });
  return kind;
}

async function write(
  client: PoolClient,
  { id, kind }: LockedChannel,
  asked: UpdateChannelRequest,
  kept: RetentionRow | undefined,
): Promise<void> {
  await updateChannel.run(client, [
    id,
    asked.name === undefined ? null : displayName(asked.name),
    asked.description ?? null,
    asked.limit === undefined ? null : limitOf(kind, asked.limit),
    asked.slowModeS ?? null,
    asked.metadata === undefined ? null : metadataOf(asked.metadata),
    newKind(kind, asked.kind),
    kept !== undefined,
    kept?.seconds ?? null,
    kept?.count ?? null,
  ]);
}

/** Returns the server that must release the channel, or undefined. */
async function moveOn(
  client: PoolClient,
  { id, has_history: hasHistory }: LockedChannel,
  kept: RetentionRow | undefined,
  me: UserCaller,
): Promise<ServerTarget | undefined> {
  const willHaveHistory = kept === undefined ? hasHistory : kept.seconds !== 0;
  if (willHaveHistory === hasHistory) {
    await nextRoster.run(client, [id]);
    return undefined;
  }
  const [seen] = await channelState.run(client, [id, me.id]);
  await newLog.run(client, [id, willHaveHistory]);
  return seen?.alive === true ? seen : undefined;
}

async function mustUpdate(client: PoolClient, channel: LockedChannel, me: UserCaller): Promise<void> {
  const [mine] = await readMemberships(client, channel, [me.id]);
  if (mine === undefined) throw refuse('channel-not-found');
  mustSee(channel, mine);
  if (channel.kind === 'direct') throw refuse('wrong-kind');
  mustManage(channel, mine);
}

/** Handles Update, for the owner and the channel admins. Fields that are not set stay unchanged. */
export function createUpdateChannel({ pool, servers, retention }: UpdateChannelDeps) {
  return async (asked: UpdateChannelRequest, me: UserCaller, call: Call): Promise<Channel> => {
    const id = oneChannel(asked);
    call.facts.channel = id;
    checkFields(asked);
    const kept = retentionRow(asked.retention);
    await throttleChanges(pool, me);
    if (kept !== undefined && kept.seconds !== 0) {
      await withChannel(pool, id, (client, channel) => mustUpdate(client, channel, me));
      await retention.clear(id);
    }
    const owner = await withChannel(pool, id, async (client, channel) => {
      await mustUpdate(client, channel, me);
      await write(client, channel, asked, kept);
      return moveOn(client, channel, kept, me);
    });
    if (owner !== undefined) servers.moveChannel(owner, id);
    return describeChannel(pool, me, id);
  };
}
