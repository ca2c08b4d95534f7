-- Deletes entries with their reactions and file links. $1 channel, $2 seqs. Returns the usage to
-- subtract (see count-dropped).
WITH gone AS (
  DELETE FROM chat.message WHERE channel_id = $1 AND seq = ANY ($2::bigint[])
  RETURNING sender_id, kind = :KIND_MEMBER AS of_members, chat.stored_bytes(data, content_type, mentions) AS bytes
)
SELECT sender_id, of_members, sum(bytes) AS bytes, count(*) AS rows FROM gone GROUP BY sender_id, of_members;
