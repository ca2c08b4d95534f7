import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  bytea,
  int2,
  int4,
  int8,
  json,
  loadSql,
  nullable,
  type RowOf,
  text,
  timestamptz,
  uuid,
} from '@parley/database';
import { settingColumns, settingConstants } from '@parley/service-kit';

const sql = loadSql('export.sql', import.meta.url, { ...kindConstants, ...settingConstants });

const channelId = { channelId: int4 };

export const readSource = sql.statement('readSource', {}, { source: text, momentMs: int8 });

export const readExportedChannels = sql.statement(
  'readExportedChannels',
  { channelIds: nullable(array(int4)) },
  {
    id: int4,
    kind: text.as<'room' | 'direct' | 'group' | 'public' | 'private'>(),
    name: text,
    ownerId: text,
    pairLow: nullable(text),
    pairHigh: nullable(text),
    userLimit: int4,
    retentionSeconds: nullable(int4),
    retentionCount: nullable(int4),
    openHistory: bool,
    metadata: json<Record<string, unknown>>(),
    createdMs: int8,
    ...settingColumns,
  },
);

export const readPeople = sql.statement(
  'readPeople',
  { channelIds: array(int4), changed: array(text) },
  {
    id: text,
    name: text,
    about: text,
    bot: bool,
    role: text,
    status: text.as<'active' | 'suspended' | 'deleted'>(),
    createdMs: int8,
  },
);

export const readChanges = sql.statement('readChanges', { channelIds: array(int4) }, { data: bytea });

export const readExportedEntries = sql.statement('readExportedEntries', channelId, {
  n: int8,
  seq: int8,
  kind: int2,
  senderId: text,
  sentMs: int8,
  replyTo: nullable(int8),
  contentType: text,
  data: bytea,
  mentions: array(text),
  editedMs: nullable(int8),
  deletedMs: nullable(int8),
  pinnedMs: nullable(int8),
  pinnedBy: nullable(text),
  reactions: json<{ emoji: string; people: string[] }[]>(),
  fileIds: array(uuid),
});

export const readExportedMembers = sql.statement('readExportedMembers', channelId, {
  userId: text,
  role: text.as<'admin' | 'member'>(),
  isOut: bool,
  leftByChoice: bool,
  joinedSeq: int8,
  staySeq: nullable(int8),
  readSeq: int8,
  deliveredSeq: int8,
  notify: text.as<'all' | 'mentions' | 'none'>(),
  markedUnread: bool,
  joinedMs: int8,
  mutedUntil: nullable(timestamptz),
  bannedUntil: nullable(timestamptz),
});

export const readFile = sql.statement(
  'readFile',
  { fileId: uuid },
  {
    ownerId: text,
    name: text,
    contentType: text,
    size: int4,
    width: nullable(int4),
    height: nullable(int4),
    inS3: bool,
    thumbnail: nullable(bytea),
  },
);

export const readPiece = sql.statement('readPiece', { fileId: uuid, n: int4 }, { data: bytea });

export type ExportedChannelRow = RowOf<typeof readExportedChannels>;
export type PersonRow = RowOf<typeof readPeople>;
export type EntryRow = RowOf<typeof readExportedEntries>;
export type ExportedMemberRow = RowOf<typeof readExportedMembers>;
export type FileRow = RowOf<typeof readFile>;
