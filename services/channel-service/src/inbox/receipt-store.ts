import { kindConstants } from '@parley/contract';
import { bool, int4, int8, loadSql, type Notify, nullable, text, uuid } from '@parley/database';

const sql = loadSql('receipts.sql', import.meta.url, kindConstants);

const member = { channelId: int4, userId: text };

export const moveReceipt = sql.statement(
  'moveReceipt',
  { ...member, logId: uuid, readSeq: int8, deliveredSeq: int8, markedUnread: nullable(bool) },
  { instanceId: nullable(uuid), internalAddr: nullable(text), hasMoved: bool },
);
export const readSender = sql.statement('readSender', { channelId: int4, seq: int8 }, { senderId: text });
export const listReceipts = sql.statement(
  'listReceipts',
  { channelId: int4, afterId: text, senderId: text, size: int8 },
  { userId: text, deliveredSeq: int8, readSeq: int8, updatedAt: int8 },
);
export const setNotify = sql.statement('setNotify', { ...member, notify: text.as<Notify>() }, { userId: text });
