-- Starts a new log when channel $1 begins ($2 true) or ceases ($2 false) to keep history. Run after
-- lock-channel.
-- Seqs lose their meaning, so the log gets a new id and readers of the old log must reset. Epoch +
-- 1 without an owner fences the previous owner: its batch in flight was committed before this lock
-- or no longer finds the head, its reconciler ends the streams with `moved`, and the next Listen
-- places the channel on a server that reads the new head. A log that begins to keep history starts
-- at seq 1, and the last rows of an older log are deleted here (retention has deleted most of them
-- before). A log that ceases to keep history gets a first seq above the last, so nothing is
-- readable, and retention deletes the rows.
-- Members are updated by two statements: a single update of left_seq would announce every current
-- member as changed.
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
