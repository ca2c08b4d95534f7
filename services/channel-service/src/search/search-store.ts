import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  type ChannelKind,
  enumeration,
  int4,
  int8,
  loadSql,
  nullable,
  type RowOf,
  text,
  uuid,
} from '@parley/database';

const sql = loadSql('search.sql', import.meta.url, kindConstants);

const searchable = {
  channelId: int4,
  logId: uuid,
  kind: enumeration<ChannelKind>('chat.channel_kind'),
  hasHistory: bool,
  openHistory: bool,
  firstSeq: int8,
  lastSeq: int8,
  joinedSeq: nullable(int8),
  leftSeq: nullable(int8),
  inside: bool,
  bannedForMs: int4,
};

export const findSearchable = sql.statement('findSearchable', { userId: text, maxChannels: int8 }, searchable);
export const countSearchable = sql.statement('countSearchable', { userId: text, most: int8 }, { channels: int8 });
export const findMatchedChannels = sql.statement(
  'findMatchedChannels',
  { query: text, sinceMs: int8, beforeMs: int8, most: int8, mostHits: int8 },
  { channelId: int4, isCut: bool },
);
export const findSearchableOf = sql.statement(
  'findSearchableOf',
  { userId: text, channelIds: array(int4) },
  searchable,
);
export const findMatches = sql.statement(
  'findMatches',
  {
    query: text,
    sinceMs: int8,
    beforeMs: int8,
    channelIds: array(int4),
    firstSeqs: array(int8),
    lastSeqs: array(int8),
    atMs: int8,
    atChannelId: int4,
    atSeq: int8,
    size: int8,
    maxEmoji: int8,
    maxReactors: int4,
  },
  { channelId: int4, seq: int8, sentMs: int8, logId: uuid, bytes: nullable(int4) },
);

/** A message that matches a query. */
export type SearchMatch = RowOf<typeof findMatches>;
