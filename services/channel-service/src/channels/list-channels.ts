import { createHash } from 'node:crypto';
import { Channel, type ListChannelsRequest, ListChannelsResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { nextAfter, pageSize } from '../requests/page.js';
import { type ChannelQuery, findChannels, positionAfter, tokenOf } from './channel-search.js';
import { describeChannels } from './describe.js';

const versionBytes = 6;

/** Returns a hash of a channel as the caller sees it; never 0. */
function versionOf(channel: Channel): number {
  const digest = createHash('sha256').update(Channel.encode(channel).finish()).digest();
  return digest.readUIntBE(0, versionBytes) + 1;
}

function queryOf({ mine, withoutChats, name }: ListChannelsRequest, me: UserCaller, listedDays: number): ChannelQuery {
  const normal = name.normalize('NFC');
  if ([...normal].length > limits.nameCharacters || normal.includes('\0')) throw refuse('invalid-name');
  if (withoutChats && !mine) throw refuse('malformed', { message: 'Set without_chats only together with mine.' });
  return { name: normal, listedDays, ...(mine && { userId: me.id, withoutChats }) };
}

/**
 * Handles ListChannels: returns a page of channels, most active first. Leaves out channels that the
 * caller already has in their current version.
 */
export function createListChannels(pool: Pool, listedDays: number) {
  return async (request: ListChannelsRequest, me: UserCaller, call: Call): Promise<ListChannelsResponse> => {
    call.quiet = true;
    const size = pageSize(request.page?.size ?? 0);
    const from = positionAfter(request.page);
    if (request.known.length > limits.pageEntries) throw refuse('invalid-page');
    const found = await findChannels(pool, queryOf(request, me, listedDays), from, size + 1);
    const places = found.slice(0, size);
    const channels = (
      await describeChannels(
        pool,
        me,
        places.map(({ id }) => id),
      )
    ).map((channel) => ({
      ...channel,
      version: versionOf(channel),
    }));
    const known = new Map(request.known.map(({ id, version }) => [id, version]));
    return ListChannelsResponse.fromPartial({
      channels: channels.filter(({ id, version }) => known.get(id) !== version),
      ids: channels.map(({ id }) => id),
      next: nextAfter(found, size, tokenOf),
    });
  };
}
