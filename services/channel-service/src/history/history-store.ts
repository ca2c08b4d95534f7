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
  type OutputOf,
  type RowOf,
  text,
  uuid,
} from '@parley/database';

/**
 * Reactions and files of the message `entry` as the user `:readerId` sees them. `maxEmoji` and
 * `maxReactors` limit the emoji, and the users of each.
 */
export const entryConstants = {
  REACTIONS: `coalesce((
    SELECT json_agg(json_build_object('emoji', one.emoji, 'count', one.people,
      'userIds', ARRAY(SELECT y.user_id FROM chat.reaction y WHERE y.channel_id = entry.channel_id AND y.seq = entry.seq AND y.emoji = one.emoji ORDER BY y.user_id LIMIT :maxReactors),
      'mine', EXISTS (SELECT FROM chat.reaction y WHERE y.channel_id = entry.channel_id AND y.seq = entry.seq AND y.emoji = one.emoji AND y.user_id = :readerId)
    ) ORDER BY one.emoji)
    FROM (SELECT x.emoji, x.people FROM chat.reaction_count x WHERE x.channel_id = entry.channel_id AND x.seq = entry.seq ORDER BY x.emoji LIMIT :maxEmoji) one
  ), '[]')`,
  FILE_IDS: `ARRAY(SELECT f.file_id::text FROM chat.message_file f WHERE f.channel_id = entry.channel_id AND f.seq = entry.seq ORDER BY f.place)`,
};

const sql = loadSql('history.sql', import.meta.url, { ...kindConstants, ...entryConstants });

const range = { channelId: int4, firstSeq: int8, lastSeq: int8, size: int8, maxEmoji: int8, maxReactors: int4 };
const position = { channelId: int4, seq: int8, bytes: int4 };

/** Users who reacted with one emoji: their number and the first ids. */
export interface StoredReaction {
  readonly emoji: string;
  readonly count: number;
  readonly userIds: string[];
  /** Whether the reader is one of them. */
  readonly mine: boolean;
}

export const findNewest = sql.statement('findNewest', range, position);
export const findOldest = sql.statement('findOldest', range, position);
export const findPinned = sql.statement('findPinned', range, position);
/** Columns of a message, without its pin and its replies. */
export const messageColumns = {
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
  fileIds: array(text),
};
export const readEntries = sql.statement(
  'readEntries',
  { channelIds: array(int4), seqs: array(int8), maxEmoji: int8, maxReactors: int8, maxReplies: int8, readerId: text },
  {
    ...messageColumns,
    /** Time of the pin, or null if the message is not pinned. */
    pinnedMs: nullable(int8),
    /**
     * Number of replies that still have their text, counted up to a limit. The next three columns
     * describe the last of them.
     */
    replies: int8,
    lastReplySeq: int8,
    lastReplyMs: int8,
    lastReplier: text,
  },
);

/** Position of an entry that is not read yet, and an upper bound of its encoded size in bytes. */
export type HistoryPosition = RowOf<typeof findNewest>;

/** An entry in its current state. */
export type HistoryEntry = RowOf<typeof readEntries>;

/** A message in its current state, without its pin and its replies. */
export type StoredMessage = OutputOf<typeof messageColumns>;
