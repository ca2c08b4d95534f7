import { Channel } from '@parley/contract';
import { channelFieldsOf } from '@parley/service-kit';
import type { ChannelRow } from '../store/inbox-store.js';
import { encodeInboxEvent } from './event-frames.js';

function channelOf(row: ChannelRow): Channel {
  return Channel.fromPartial({
    ...channelFieldsOf(row),
    id: row.id,
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
