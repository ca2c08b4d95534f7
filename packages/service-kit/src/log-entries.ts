import { type Kind, Message } from '@parley/contract';
import { array, bool, bytea, int2, int4, int8, type OutputOf, text, uuid } from '@parley/database';

/**
 * Columns of an entry of a log as it is now, with their types.
 * @example
 * ```ts
 * import { logEntryColumns } from '@parley/service-kit';
 *
 * Object.keys(logEntryColumns); // names of the fields
 * ```
 */
export const logEntryColumns = {
  seq: int8,
  kind: int2,
  senderId: text,
  senderNumber: int4,
  clientId: uuid,
  sentAtMs: int8,
  targetSeq: int8,
  contentType: text,
  data: bytea,
  mentions: array(text),
  editedAtMs: int8,
  deleted: bool,
  fileIds: array(text),
};

/** An entry of a log in its current state. */
export type StoredEntry = OutputOf<typeof logEntryColumns>;

/**
 * Fragments of SQL to read an entry `m` of a channel with the head `h`. `ENTRY` is the list of
 * columns, and `ENTRY_JOINS` the joins that the columns need. They leave out the text of deleted
 * messages, of entries that retention has removed, and of edits replaced by a later edit, a
 * deletion or retention. They use the constants of the kinds.
 * @example
 * ```ts
 * import { logEntryConstants } from '@parley/service-kit';
 *
 * `SELECT ${logEntryConstants.ENTRY} FROM chat.message m JOIN chat.channel_head h USING (channel_id) ${logEntryConstants.ENTRY_JOINS}`;
 * ```
 */
export const logEntryConstants = {
  ENTRY: `m.seq, m.kind, m.sender_id, u.number AS sender_number, m.client_id, floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_at_ms,
  coalesce(m.target_seq, 0) AS target_seq, CASE WHEN void.deleted THEN '' ELSE m.content_type END AS content_type,
  CASE WHEN void.deleted THEN '' ELSE m.data END AS data, CASE WHEN void.deleted THEN '{}' ELSE m.mentions END AS mentions,
  coalesce(floor(extract(epoch FROM m.edited_at) * 1000)::bigint, 0) AS edited_at_ms, void.deleted,
  CASE WHEN void.deleted THEN '{}' ELSE
    ARRAY(SELECT l.file_id::text FROM chat.message_file l WHERE l.channel_id = m.channel_id AND l.seq = m.seq ORDER BY l.place) END AS file_ids`,
  ENTRY_JOINS: `JOIN chat.users u ON u.id = m.sender_id
CROSS JOIN LATERAL (
  SELECT m.deleted_at IS NOT NULL OR m.seq < h.first_seq OR m.kind = :KIND_EDIT AND (m.target_seq < h.first_seq
    OR EXISTS (SELECT FROM chat.message t WHERE t.channel_id = m.channel_id AND t.seq = m.target_seq AND t.deleted_at IS NOT NULL)
    OR EXISTS (SELECT FROM chat.message e WHERE e.channel_id = m.channel_id AND e.target_seq = m.target_seq AND e.kind = :KIND_EDIT AND e.seq > m.seq)
  ) AS deleted
) void`,
};

/**
 * Returns the message of a stored entry, without the id of its channel.
 * @example
 * ```ts
 * import { messageOfEntry, type StoredEntry } from '@parley/service-kit';
 *
 * export function seqs(entries: readonly StoredEntry[]): number[] {
 *   return entries.map((entry) => messageOfEntry(entry).seq);
 * }
 * ```
 */
export function messageOfEntry(entry: StoredEntry): Message {
  return Message.fromPartial({
    userId: entry.senderNumber,
    timestamp: entry.sentAtMs,
    data: entry.data,
    sender: entry.senderId,
    seq: entry.seq,
    clientId: entry.clientId,
    contentType: entry.contentType,
    kind: entry.kind as Kind,
    targetSeq: entry.targetSeq,
    mentions: entry.mentions,
    fileIds: entry.fileIds,
    editedAt: entry.editedAtMs,
    deleted: entry.deleted,
  });
}
