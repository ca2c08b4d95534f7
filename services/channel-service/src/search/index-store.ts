import { kindConstants } from '@parley/contract';
import { array, bytea, int2, int4, int8, loadSql, nullable, type RowOf, text, uuid } from '@parley/database';

const sql = loadSql('index.sql', import.meta.url, kindConstants);

const channels = { channelIds: array(int4) };
const messages = { channelIds: array(int4), seqs: array(int8) };

export const planAnew = sql.statement('planAnew', {}, { mode: text });
export const moveSweep = sql.statement('moveSweep', { channels: int4 }, { afterId: int4, lastId: int4 });
export const findNews = sql.statement(
  'findNews',
  { afterId: int4, lastId: int4, rules: int2, maxChannels: int8 },
  { channelId: int4 },
);
export const openProgress = sql.statement('openProgress', channels);
export const lockProgress = sql.statement(
  'lockProgress',
  { ...channels, rules: int2 },
  { channelId: int4, logId: uuid, firstSeq: int8, seq: int8, removeBelow: int8 },
);
export const removeBelow = sql.statement(
  'removeBelow',
  { ...channels, beforeSeqs: array(int8), maxRows: int8 },
  { channelId: int4, rows: int8 },
);
export const readNews = sql.statement(
  'readNews',
  { ...channels, logIds: array(uuid), afterSeqs: array(int8), maxEntries: int8, maxBytes: int8 },
  {
    channelId: int4,
    lastSeq: int8,
    /** Seq of the entry; null in the only row of a log that has no more entries. */
    seq: nullable(int8),
    /**
     * Seq of the message whose text the entry sets, changes or deletes. If there is none, null,
     * like the columns below.
     */
    messageSeq: nullable(int8),
    senderId: nullable(text),
    sentMs: nullable(int8),
    editedUs: nullable(int8),
    contentType: nullable(text),
    data: nullable(bytea),
  },
);
export const putWords = sql.statement('putWords', {
  ...messages,
  sentMs: array(int8),
  editedUs: array(nullable(int8)),
  words: array(text),
});
export const removeWords = sql.statement('removeWords', messages);
export const saveProgress = sql.statement('saveProgress', {
  ...messages,
  logIds: array(uuid),
  firstSeqs: array(int8),
  rules: int2,
});

/** A channel that the indexer has locked, and the work to do there. */
export type LockedProgress = RowOf<typeof lockProgress>;

/** The next entry of a log. */
export type IndexedEntry = RowOf<typeof readNews>;
