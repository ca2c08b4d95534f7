import { kindConstants, type User } from '@parley/contract';
import {
  allNullable,
  array,
  bool,
  bytea,
  int2,
  int4,
  int8,
  json,
  loadSql,
  type Notify,
  nullable,
  type OutputOf,
  type RowOf,
  text,
  type UserRole,
  uuid,
} from '@parley/database';
import { channelColumns, channelConstants, viewColumns } from '../channels/channel-store.js';
import { entryConstants, type StoredReaction } from '../history/history-store.js';

const sql = loadSql('chats.sql', import.meta.url, { ...kindConstants, ...channelConstants, ...entryConstants });

/** Columns of the last message that the user may read. */
const saidColumns = {
  saidSeq: int8,
  saidKind: int2,
  senderId: text,
  number: int4,
  clientId: uuid,
  sentMs: int8,
  targetSeq: nullable(int8),
  /** Null if the message does not fit into the page. */
  data: nullable(bytea),
  contentType: text,
  mentioned: array(text),
  editedMs: nullable(int8),
  deleted: bool,
  reactions: json<StoredReaction[]>(),
  fileIds: array(text),
};
const chatColumns = {
  /** Time of the last activity, in microseconds since 1970. */
  at: int8,
  ...channelColumns,
  ...viewColumns,
  deliveredSeq: int8,
  readSeq: int8,
  markedUnread: bool,
  notify: text.as<Notify>(),
  unread: int8,
  mentions: int8,
  /** User id, delivered seq and read seq of each other member, separated by spaces. */
  others: text,
  /** The other user of a direct chat. */
  peer: nullable(json<Partial<User>>()),
  /** `saidSeq` is null if the user may read no message. */
  ...allNullable(saidColumns),
};

export const readChats = sql.statement(
  'readChats',
  {
    readerId: text,
    readerRole: text.as<UserRole>(),
    channelId: nullable(int4),
    at: int8,
    id: int4,
    size: int8,
    maxBytes: int4,
    maxPresent: int8,
    maxLooked: int8,
    maxUnread: int8,
    maxTold: int4,
    maxEmoji: int8,
    maxReactors: int8,
  },
  { txid: text, readAt: int8, life: int8, ...allNullable(chatColumns) },
);

type ReadRow = RowOf<typeof readChats>;

/** The position of a snapshot among all events and entries. */
export type SnapshotPosition = Pick<ReadRow, 'txid' | 'readAt' | 'life'>;

/** The view that one member has of a chat. */
export type StoredChat = ReadRow & OutputOf<typeof chatColumns>;

/** Returns whether a row of `readChats` has a chat, and not only a position. */
export const hasChat = (row: ReadRow): row is StoredChat => row.id !== null;

/** Returns whether a chat has a message that the user may read. */
export const hasLast = (row: StoredChat): row is StoredChat & OutputOf<typeof saidColumns> => row.saidSeq !== null;
