-- Names the columns and the table of retention like the contract, which calls it `retention` instead of `keep`.
ALTER TABLE chat.channel RENAME COLUMN keep_seconds TO retention_seconds;
ALTER TABLE chat.channel RENAME COLUMN keep_count TO retention_count;
ALTER TABLE chat.channel RENAME CONSTRAINT channel_keep_seconds_check TO channel_retention_seconds_check;
ALTER TABLE chat.channel RENAME CONSTRAINT channel_keep_count_check TO channel_retention_count_check;
ALTER TABLE chat.kept RENAME TO retention_count;
ALTER TABLE chat.retention_count RENAME CONSTRAINT kept_pkey TO retention_count_pkey;
ALTER TABLE chat.retention_count RENAME CONSTRAINT kept_channel_id_fkey TO retention_count_channel_id_fkey;
