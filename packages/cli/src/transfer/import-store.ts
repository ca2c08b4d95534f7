import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  bytea,
  enumeration,
  int2,
  int4,
  int8,
  json,
  loadSql,
  nullable,
  type RowOf,
  text,
  uuid,
} from '@parley/database';
import { settingColumns, settingConstants } from '@parley/service-kit';
import type { LineOf } from './format.js';

const sql = loadSql('import.sql', import.meta.url, { ...kindConstants, ...settingConstants });

const source = { source: text };
const channelId = { channelId: int4 };
const thing = { ...source, id: text };

export const takeTurn = sql.statement('takeTurn', {}, { isMine: bool });
export const releaseTurn = sql.statement('releaseTurn', {}, { wasMine: bool });
export const readNow = sql.statement('readNow', {}, { nowMs: int8 });
export const findAccounts = sql.statement('findAccounts', { ids: array(text) }, { id: text });
export const findImportedPeople = sql.statement('findImportedPeople', source, { id: text, userId: text });
export const findImportedChannels = sql.statement('findImportedChannels', source, {
  id: text,
  channelId: nullable(int4),
  isDone: bool,
  entries: int8,
  hasAll: bool,
});
export const importAccounts = sql.statement(
  'importAccounts',
  {
    ids: array(text),
    names: array(text),
    abouts: array(text),
    bots: array(bool),
    statuses: array(text),
    createdMs: array(nullable(int8)),
  },
  { id: text },
);
export const addBots = sql.statement('addBots', { ids: array(text) });
export const recordPeople = sql.statement('recordPeople', { ...source, ids: array(text), userIds: array(text) });
export const addChannel = sql.statement(
  'addChannel',
  {
    ownerId: text,
    name: text,
    limit: int4,
    kind: enumeration<LineOf<'channel'>['kind']>('chat.channel_kind'),
    pairLow: nullable(text),
    pairHigh: nullable(text),
    retentionSeconds: nullable(int4),
    retentionCount: nullable(int4),
    ...settingColumns,
    openHistory: bool,
    metadata: json<Record<string, unknown>>(),
    createdMs: nullable(int8),
  },
  { id: int4 },
);
export const recordChannel = sql.statement('recordChannel', { ...thing, ...channelId });
export const forgetChannel = sql.statement('forgetChannel', thing);
export const keepChannel = sql.statement('keepChannel', channelId);
export const addEntries = sql.statement(
  'addEntries',
  {
    kinds: array(int2),
    senderIds: array(text),
    sentMs: array(int8),
    targetSeqs: array(nullable(int8)),
    contentTypes: array(text),
    data: array(bytea),
    mentions: array(text),
    editedMs: array(nullable(int8)),
    deletedMs: array(nullable(int8)),
    pinnedMs: array(nullable(int8)),
    pinnedBy: array(nullable(text)),
    ...channelId,
    afterSeq: int8,
  },
  { seq: int8 },
);
export const findEntry = sql.statement(
  'findEntry',
  { ...channelId, seq: int8 },
  { senderId: text, sentMs: int8, data: bytea },
);
export const countEntries = sql.statement('countEntries', { ...channelId, afterSeq: int8 });
export const addReactions = sql.statement('addReactions', {
  ...channelId,
  seqs: array(int8),
  userIds: array(text),
  emoji: array(text),
});
export const linkFiles = sql.statement('linkFiles', {
  ...channelId,
  seqs: array(int8),
  fileIds: array(uuid),
  places: array(int2),
});
export const addFile = sql.statement(
  'addFile',
  { ownerId: text, name: text, contentType: text, size: int4, width: nullable(int4), height: nullable(int4) },
  { id: uuid },
);
export const addPiece = sql.statement('addPiece', { fileId: uuid, n: int4, data: bytea });
export const completeFile = sql.statement('completeFile', { fileId: uuid, thumbnail: nullable(bytea) });
export const importMembers = sql.statement('importMembers', {
  ...channelId,
  userIds: array(text),
  roles: array(text),
  joined: array(int8),
  stays: array(nullable(int8)),
  areOut: array(bool),
  leftByChoice: array(bool),
  read: array(int8),
  delivered: array(int8),
  notify: array(text),
  markedUnread: array(bool),
  joinedMs: array(nullable(int8)),
  mutedUntil: array(nullable(text)),
  bannedUntil: array(nullable(text)),
});
export const findDirectChat = sql.statement('findDirectChat', { low: text, high: text }, { id: int4 });
export const showChannel = sql.statement('showChannel', { ...channelId, ...thing });
export const makeGroup = sql.statement('makeGroup', { name: text, ...channelId });

export type ImportedChannel = RowOf<typeof findImportedChannels>;
