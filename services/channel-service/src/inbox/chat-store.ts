import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  int4,
  int8,
  json,
  loadSql,
  type Notify,
  nullable,
  type RowOf,
  text,
  type UserRole,
} from '@parley/database';
import { profileColumns } from '@parley/service-kit';
import { channelColumns, channelConstants, viewColumns } from '../channels/channel-store.js';

const sql = loadSql('chats.sql', import.meta.url, { ...kindConstants, ...channelConstants });

/** User id, delivered seq and read seq of a member. */
export type StoredReceipt = readonly [userId: string, deliveredSeq: number, readSeq: number];

export const findChats = sql.statement(
  'findChats',
  { userId: text, at: int8, id: int4, size: int8 },
  { id: int4, at: int8 },
);
export const readChats = sql.statement(
  'readChats',
  { userId: text, channelIds: array(int4), maxPresent: int8, maxLooked: int8, maxUnread: int8, maxTold: int4 },
  {
    ...channelColumns,
    ...viewColumns,
    deliveredSeq: int8,
    readSeq: int8,
    markedUnread: bool,
    notify: text.as<Notify>(),
    /**
     * Seq of the last message that the user may read. It and `saidBytes` are null if there is none.
     */
    saidSeq: nullable(int8),
    saidBytes: nullable(int4),
    unread: int8,
    mentions: int8,
    others: json<readonly StoredReceipt[]>(),
  },
);
export const readPeers = sql.statement(
  'readPeers',
  { userId: text, userRole: text.as<UserRole>(), channelIds: array(int4) },
  { channelId: int4, id: text, name: text, number: int4, blocked: bool, ...profileColumns },
);
export const readPosition = sql.statement('readPosition', {}, { txid: text, at: int8, life: int8 });

/** A chat as one of its members sees it. */
export type StoredChat = RowOf<typeof readChats>;
