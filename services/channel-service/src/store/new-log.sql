-- A channel begins to keep something, or ceases to ($2): $1 the channel. After lock-channel.
-- Seqs lose their meaning, so the log gets another name, and readers of the old one are told to forget. Nobody can go on writing by
-- the old numbers: epoch + 1 without an owner fences whoever had the channel (its batch in flight was committed before this lock, or
-- finds no head any more), its sweep ends the streams as moved, and the next Listen places the channel with a server that reads the
-- new head. What begins to keep counts from 1, and what is left of an older log goes now; its slices went before. What ceases to keep has its first seq
-- behind the last, so nothing of it can be read from here on; retention deletes the rows.
-- Two updates of members: one of left_seq would announce each living member as changed.
WITH head AS (
  UPDATE chat.channel_head SET log_id = gen_random_uuid(), epoch = epoch + 1, boot_id = NULL, roster = roster + 1,
    last_seq = CASE WHEN $2 THEN 0 ELSE last_seq END, first_seq = CASE WHEN $2 THEN 1 ELSE last_seq + 1 END,
    stored_bytes = CASE WHEN $2 THEN 0 ELSE stored_bytes END, stored_rows = CASE WHEN $2 THEN 0 ELSE stored_rows END
  WHERE channel_id = $1 RETURNING channel_id
), rest AS (
  DELETE FROM chat.message WHERE channel_id = $1 AND $2
  RETURNING sender_id, kind, chat.stored_bytes(data, content_type, mentions) AS bytes
), usage AS (
  INSERT INTO chat.usage AS u (user_id, bytes, rows)
  SELECT sender_id, -sum(bytes), -count(*) FROM rest WHERE kind <> :KIND_MEMBER AND EXISTS (SELECT FROM head) GROUP BY sender_id ORDER BY sender_id
  ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, rows = u.rows + excluded.rows
), living AS (
  UPDATE chat.member SET joined_seq = 0, delivered_seq = 0, read_seq = 0 WHERE channel_id = $1 AND left_seq IS NULL
)
UPDATE chat.member SET joined_seq = 0, left_seq = 0, delivered_seq = 0, read_seq = 0 WHERE channel_id = $1 AND left_seq IS NOT NULL;
