import { Channel } from '@parley/contract';
import { channelKinds, retentionOf, settingsOf } from '@parley/service-kit';
import type { ChannelRow } from '../store/inbox-store.js';
import { encodeInboxEvent } from './event-frames.js';

function channelOf(row: ChannelRow): Channel {
  return Channel.fromPartial({
    ...settingsOf(row),
    id: row.id,
    name: row.name,
    limit: row.userLimit,
    kind: channelKinds[row.kind],
    ownerId: row.ownerId,
    iconId: row.iconId ?? '',
    retention: retentionOf(row.retentionSeconds, row.retentionCount),
    closedHistory: !row.openHistory,
    metadata: row.metadata,
    createdAt: row.createdMs,
    memberCount: row.memberCount,
    log: row.log,
    lastSeq: row.lastSeq,
  });
}

/** Encodes that the user has joined a chat. */
export function addedEvent(row: ChannelRow): Buffer {
  return encodeInboxEvent({ added: channelOf(row) });
}

/** Encodes that a chat, or the user's membership of it, has changed. */
export function changedEvent(row: ChannelRow): Buffer {
  return encodeInboxEvent({ changed: channelOf(row) });
}
