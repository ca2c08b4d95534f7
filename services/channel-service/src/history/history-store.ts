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
  uuid,
} from '@parley/database';

const sql = loadSql('history.sql', import.meta.url, kindConstants);

const range = { channelId: int4, firstSeq: int8, lastSeq: int8, size: int8, maxEmoji: int8, maxReactors: int4 };
const position = { channelId: int4, seq: int8, bytes: int4 };

/** Users who reacted with one emoji: their number and the first ids. */
interface StoredReaction {
  readonly emoji: string;
  readonly count: number;
  readonly userIds: string[];
  /** Whether the reader is one of them. */
  readonly mine: boolean;
}

export const findNewest = sql.statement('findNewest', range, position);
export const findOldest = sql.statement('findOldest', range, position);
export const readEntries = sql.statement(
  'readEntries',
  { channelIds: array(int4), seqs: array(int8), maxEmoji: int8, maxReactors: int8, maxReplies: int8, readerId: text },
  {
    channelId: int4,
    seq: int8,
    kind: int2,
    senderId: text,
    number: int4,
    clientId: uuid,
    sentMs: int8,
    targetSeq: nullable(int8),
    data: bytea,
    contentType: text,
    mentions: array(text),
    editedMs: nullable(int8),
    deleted: bool,
    reactions: json<StoredReaction[]>(),
    /**
     * Number of replies that still have their text, counted up to a limit. The next three columns
     * describe the last of them.
     */
    replies: int8,
    lastReplySeq: int8,
    lastReplyMs: int8,
    lastReplier: text,
    fileIds: array(text),
  },
);

/** Position of an entry that is not read yet, and an upper bound of its encoded size in bytes. */
export type HistoryPosition = RowOf<typeof findNewest>;

/** An entry in its current state. */
export type HistoryEntry = RowOf<typeof readEntries>;
