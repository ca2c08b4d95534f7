-- An edit blanks the words of the edit before it. Those that were written earlier, and edits of deleted messages, are blanked here.
UPDATE chat.message m SET data = '' WHERE m.kind = 1 AND m.data <> '' AND (
  EXISTS (SELECT FROM chat.message e WHERE e.channel_id = m.channel_id AND e.target_seq = m.target_seq AND e.kind = 1 AND e.seq > m.seq)
  OR EXISTS (SELECT FROM chat.message t WHERE t.channel_id = m.channel_id AND t.seq = m.target_seq AND t.deleted_at IS NOT NULL));
