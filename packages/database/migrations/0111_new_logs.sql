-- A log that starts again at seq 1 moves the cursors of the outgoing webhooks, whose failures are gone with the old log.
GRANT UPDATE (seq, due_at, lease) ON chat.outgoing_webhook TO chat_manager;
GRANT DELETE ON chat.outgoing_failure TO chat_manager;

-- A report names the log of its message, so that an open report does not hide a report of a later message with the same seq.
ALTER TABLE chat.abuse_report ADD COLUMN log_id UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'; -- zeros: no message
UPDATE chat.abuse_report r SET log_id = h.log_id FROM chat.channel_head h WHERE r.seq > 0 AND h.channel_id = r.channel_id;
DROP INDEX chat.abuse_report_once;
CREATE UNIQUE INDEX abuse_report_once ON chat.abuse_report (by_id, user_id, channel_id, log_id, seq) WHERE resolved_at IS NULL;
